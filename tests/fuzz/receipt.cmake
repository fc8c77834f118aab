# SPDX-License-Identifier: Apache-2.0
jc_fuzz(receipt LIBS jc::receipt)
