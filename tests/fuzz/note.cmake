# SPDX-License-Identifier: Apache-2.0
foreach(input note checkpoint policy tlog_proof vkey)
  jc_fuzz(${input} LIBS jc::note)
endforeach()
