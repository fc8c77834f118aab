# SPDX-License-Identifier: Apache-2.0
jc_fuzz(text_forms LIBS jc::base)
