# SPDX-License-Identifier: Apache-2.0
jc_fuzz(certificate LIBS jc::crypto)
jc_fuzz(pkcs12 LIBS jc::crypto OpenSSL::Crypto)
jc_fuzz(public_key LIBS jc::crypto)
