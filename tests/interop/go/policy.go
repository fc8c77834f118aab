// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// cosigner verifies C2SP tlog-cosignature v1 lines (type 0x04), which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig[:8]))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func parseCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || parts[0] == "" || len(parts[1]) != 8 {
		return nil, errors.New("malformed verifier key")
	}
	id, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(raw) != 33 || raw[0] != 0x04 {
		return nil, errors.New("not a cosignature/v1 key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if hash := binary.BigEndian.Uint32(sum[:4]); uint64(hash) != id {
		return nil, errors.New("key id does not match")
	}
	return cosigner{parts[0], uint32(id), raw[1:]}, nil
}

// policy is a C2SP tlog-policy: the log keys that may sign, the known cosigners, and a quorum over them.
type policy struct {
	logs    []note.Verifier
	keys    []note.Verifier
	members map[string]func(signed map[string]bool) bool
	quorum  string
}

func keyOf(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

func parsePolicy(text string) (*policy, error) {
	p := &policy{members: map[string]func(map[string]bool) bool{}}
	for number, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		words := strings.Fields(line)
		wrong := func(why string) error { return fmt.Errorf("policy line %d: %s", number+1, why) }
		switch {
		case words[0] == "log" && (len(words) == 2 || len(words) == 3):
			v, err := note.NewVerifier(words[1])
			if err != nil {
				return nil, wrong(err.Error())
			}
			p.logs = append(p.logs, v)
		case words[0] == "witness" && (len(words) == 3 || len(words) == 4):
			v, err := parseCosigner(words[2])
			if err != nil {
				return nil, wrong(err.Error())
			}
			if _, twice := p.members[words[1]]; twice {
				return nil, wrong("defined twice")
			}
			key := keyOf(v.Name(), v.KeyHash())
			p.members[words[1]] = func(signed map[string]bool) bool { return signed[key] }
			p.keys = append(p.keys, v)
		case words[0] == "group" && len(words) >= 4:
			if _, twice := p.members[words[1]]; twice {
				return nil, wrong("defined twice")
			}
			names := words[3:]
			var tests []func(map[string]bool) bool
			for _, name := range names {
				test, known := p.members[name]
				if !known {
					return nil, wrong("unknown member " + name)
				}
				tests = append(tests, test)
			}
			need := len(names)
			switch words[2] {
			case "all":
			case "any":
				need = 1
			default:
				n, err := strconv.Atoi(words[2])
				if err != nil || n < 1 || n > len(names) {
					return nil, wrong("bad threshold")
				}
				need = n
			}
			p.members[words[1]] = func(signed map[string]bool) bool {
				have := 0
				for _, test := range tests {
					if test(signed) {
						have++
					}
				}
				return have >= need
			}
		case words[0] == "quorum" && len(words) == 2 && p.quorum == "":
			if _, known := p.members[words[1]]; !known && words[1] != "none" {
				return nil, wrong("unknown quorum")
			}
			p.quorum = words[1]
		default:
			return nil, wrong("not understood")
		}
	}
	if len(p.logs) == 0 || p.quorum == "" {
		return nil, errors.New("a policy needs a log and a quorum")
	}
	return p, nil
}

// open verifies a signed checkpoint under the policy and returns the note's text.
func (p *policy) open(signed []byte) (string, error) {
	n, err := note.Open(signed, note.VerifierList(append(append([]note.Verifier{}, p.logs...), p.keys...)...))
	if err != nil {
		return "", err
	}
	have := map[string]bool{}
	for _, s := range n.Sigs {
		have[keyOf(s.Name, s.Hash)] = true
	}
	origin, _, _ := strings.Cut(n.Text, "\n")
	logSigned := false
	for _, v := range p.logs {
		if have[keyOf(v.Name(), v.KeyHash())] && v.Name() == origin {
			logSigned = true
		}
	}
	if !logSigned {
		return "", errors.New("no signature of the log")
	}
	if p.quorum != "none" && !p.members[p.quorum](have) {
		return "", errors.New("the quorum is not reached")
	}
	return n.Text, nil
}
