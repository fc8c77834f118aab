# SPDX-License-Identifier: Apache-2.0
foreach(input record ledger_entry descriptor custody_event court_card case_number evidence_number)
  jc_fuzz(${input} LIBS jc::record)
endforeach()
