// SPDX-License-Identifier: Apache-2.0
#include "context.h"

int main(int argc, char** argv)
{
    return jc::cli::runProgram(argc, argv);
}
