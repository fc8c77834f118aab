# SPDX-License-Identifier: Apache-2.0
jc_fuzz(token LIBS jc::timestamp)
jc_fuzz(tsp_response LIBS jc::timestamp)
jc_fuzz(tsp_request LIBS jc::timestamp)
jc_fuzz(evidence_record LIBS jc::timestamp)
