# SPDX-License-Identifier: Apache-2.0
jc_fuzz(trust_set LIBS jc::verdict)
