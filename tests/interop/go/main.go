// SPDX-License-Identifier: Apache-2.0

// Command logcheck judges an exported log and single receipts with golang.org/x/mod alone, none of the project's code:
//
//	logcheck log DIR POLICY               every entry, every tile, root, signatures and quorum
//	logcheck proof PROOF ENTRY POLICY     one entry's C2SP tlog-proof
//	logcheck consistent OLD DIR POLICY    an older checkpoint is a prefix of the exported log
//
// Exit 0 and "accepted …", or 1 and "refused: …"; 2 for wrong usage.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var err error
	var said string
	args := os.Args[1:]
	switch {
	case len(args) == 3 && args[0] == "log":
		said, err = checkLog(args[1], args[2])
	case len(args) == 4 && args[0] == "proof":
		said, err = checkProof(args[1], args[2], args[3])
	case len(args) == 4 && args[0] == "consistent":
		said, err = checkConsistent(args[1], args[2], args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: logcheck log DIR POLICY | proof PROOF ENTRY POLICY | consistent OLD DIR POLICY")
		os.Exit(2)
	}
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("accepted", said)
}

func readPolicy(path string) (*policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parsePolicy(string(text))
}

// parseNumber takes decimal digits without sign or leading zero.
func parseNumber(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("not a plain number: %q", s)
	}
	return n, nil
}

func parseHash(s string) (tlog.Hash, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("not a hash: %q", s)
	}
	return tlog.Hash(raw), nil
}

func openCheckpoint(signed []byte, p *policy) (tlog.Tree, error) {
	text, err := p.open(signed)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || slices.Contains(lines[:len(lines)-1], "") {
		return tlog.Tree{}, errors.New("not a checkpoint")
	}
	size, err := parseNumber(lines[1])
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := parseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// tilePath turns x/mod's "tile/8/0/000" into C2SP's "tile/0/000".
func tilePath(t tlog.Tile) string { return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/") }

// bundles reads every entry of the log, bundle by bundle, and refuses a byte too few or too many.
func bundles(dir string, size int64, each func(entry []byte) error) error {
	for first := int64(0); first < size; first += 256 {
		width := min(size-first, 256)
		t := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		name := "tile/entries/" + strings.TrimPrefix(t.Path(), "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		for i := int64(0); i < width; i++ {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s: cut short", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			if err := each(data[2:end]); err != nil {
				return err
			}
			data = data[end:]
		}
		if len(data) != 0 {
			return fmt.Errorf("%s: bytes behind the last entry", name)
		}
	}
	return nil
}

// files serves the exported tiles to x/mod as a client would fetch them.
type files string

func (f files) Height() int { return 8 }
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), tilePath(t)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func checkLog(dir, policyPath string) (string, error) {
	p, err := readPolicy(policyPath)
	if err != nil {
		return "", err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(signed, p)
	if err != nil {
		return "", err
	}

	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			if i < 0 || i >= int64(len(stored)) {
				return nil, errors.New("hash outside the log")
			}
			out = append(out, stored[i])
		}
		return out, nil
	})
	n := int64(0)
	var leaves []tlog.Hash
	err = bundles(dir, tree.N, func(entry []byte) error {
		hashes, err := tlog.StoredHashes(n, entry, reader)
		stored = append(stored, hashes...)
		leaves = append(leaves, tlog.RecordHash(entry))
		n++
		return err
	})
	if err != nil {
		return "", err
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return "", err
	}
	if root != tree.Hash {
		return "", errors.New("the entries do not give the checkpoint's root")
	}
	for _, t := range tlog.NewTiles(8, 0, tree.N) {
		want, err := tlog.ReadTileData(t, reader)
		if err != nil {
			return "", err
		}
		got, err := os.ReadFile(filepath.Join(dir, tilePath(t)))
		if err != nil {
			return "", err
		}
		if !bytes.Equal(want, got) {
			return "", fmt.Errorf("%s differs from the entries", tilePath(t))
		}
	}
	// And as a client does that holds a checkpoint only: first, last and a few entries in between, through authenticated tiles.
	client := tlog.TileHashReader(tree, files(dir))
	for _, i := range []int64{0, tree.N / 3, tree.N / 2, tree.N - 1} {
		if tree.N == 0 {
			break
		}
		proof, err := tlog.ProveRecord(tree.N, i, client)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, leaves[i]); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("size %d root %s", tree.N, tree.Hash), nil
}

func checkProof(proofPath, entryPath, policyPath string) (string, error) {
	p, err := readPolicy(policyPath)
	if err != nil {
		return "", err
	}
	proof, err := os.ReadFile(proofPath)
	if err != nil {
		return "", err
	}
	entry, err := os.ReadFile(entryPath)
	if err != nil {
		return "", err
	}
	head, signed, found := strings.Cut(string(proof), "\n\n")
	if !found {
		return "", errors.New("no empty line behind the path")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.Strict().DecodeString(lines[0][len("extra "):]); err != nil {
			return "", errors.New("extra is not base64")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return "", errors.New("no index")
	}
	index, err := parseNumber(lines[0][len("index "):])
	if err != nil {
		return "", err
	}
	var path tlog.RecordProof
	if len(lines) > 64 {
		return "", errors.New("path too long")
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return "", err
		}
		path = append(path, h)
	}
	tree, err := openCheckpoint([]byte(signed), p)
	if err != nil {
		return "", err
	}
	if index >= tree.N {
		return "", errors.New("index outside the tree")
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", err
	}
	return fmt.Sprintf("index %d of %d", index, tree.N), nil
}

func checkConsistent(oldPath, dir, policyPath string) (string, error) {
	p, err := readPolicy(policyPath)
	if err != nil {
		return "", err
	}
	var trees [2]tlog.Tree
	for i, path := range []string{oldPath, filepath.Join(dir, "checkpoint")} {
		signed, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		if trees[i], err = openCheckpoint(signed, p); err != nil {
			return "", err
		}
	}
	earlier, newer := trees[0], trees[1]
	if earlier.N < 1 || earlier.N > newer.N {
		return "", errors.New("sizes reversed")
	}
	proof, err := tlog.ProveTree(newer.N, earlier.N, tlog.TileHashReader(newer, files(dir)))
	if err != nil {
		return "", err
	}
	if err := tlog.CheckTree(proof, newer.N, newer.Hash, earlier.N, earlier.Hash); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d is a prefix of %d", earlier.N, newer.N), nil
}
