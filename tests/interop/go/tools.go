// SPDX-License-Identifier: Apache-2.0

//go:build tools

package main

// Keeps the independent log checker among the pinned modules: go build github.com/transparency-dev/tessera/cmd/fsck
import _ "github.com/transparency-dev/tessera/cmd/fsck"
