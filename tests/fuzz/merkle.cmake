# SPDX-License-Identifier: Apache-2.0
jc_fuzz(tile_path LIBS jc::merkle)
