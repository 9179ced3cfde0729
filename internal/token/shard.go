package token

import (
	"encoding/binary"
	"sync"

	"github.com/google/uuid"
)

const (
	// chunkSize is how many entries are allocated at a time. Growing by chunks
	// wastes less than doubling does.
	chunkSize = 128
	// A slot of the index has 24 bits for the entry's number and 8 of its key.
	numberBits = 24
	maxEntries = 1<<numberBits - 2
	minSlots   = 64
)

// entry is a token without anything that points elsewhere: 80 bytes.
type entry struct {
	key                                 digest
	tokenID, clientID                   uuid.UUID
	clientIssuedAt, issuedAt, expiresAt int64
	lineage                             uint32
}

func (e *entry) grant(lineage *Lineage) Grant {
	return Grant{
		TokenID: e.tokenID, ClientID: e.clientID,
		ClientIssuedAt: e.clientIssuedAt, IssuedAt: e.issuedAt, ExpiresAt: e.expiresAt,
		Lineage: lineage,
	}
}

// shard is a part of the cache: entries packed without gaps, and a hash table
// of their numbers with linear probing. A slot also has a byte of the key, so
// that nearly every entry that is looked at is the right one: with a million of
// them each look is a cache miss.
type shard struct {
	mu     sync.RWMutex
	limit  int
	count  int
	chunks []*[chunkSize]entry
	// index holds a slot for each entry, zero where there is none, and has a
	// power of two of them, of which at most three quarters are taken.
	index []uint32
	_     [64]byte // no two shards' locks in one cache line
}

func (s *shard) entry(n int) *entry { return &s.chunks[n/chunkSize][n%chunkSize] }

// number is the entry's that a taken slot stands for.
func (s *shard) number(at int) int { return int(s.index[at]&(1<<numberBits-1)) - 1 }

// slot is never zero.
func slot(key digest, n int) uint32 { return uint32(key[1])<<numberBits | uint32(n+1) }

// home is where a key's slot is, unless others were there before.
func (s *shard) home(key digest) int {
	return int(binary.LittleEndian.Uint32(key[2:6])) & (len(s.index) - 1)
}

// find gives the slot of a key.
func (s *shard) find(key digest) (at int, found bool) {
	if s.count == 0 {
		return 0, false
	}
	tag := uint32(key[1])
	for at = s.home(key); s.index[at] != 0; at = (at + 1) & (len(s.index) - 1) {
		if s.index[at]>>numberBits == tag && s.entry(s.number(at)).key == key {
			return at, true
		}
	}
	return 0, false
}

// add adds an entry whose key is not there.
func (s *shard) add(e entry) {
	if (s.count+1)*4 > len(s.index)*3 {
		s.grow()
	}
	if s.count == len(s.chunks)*chunkSize {
		s.chunks = append(s.chunks, new([chunkSize]entry))
	}
	*s.entry(s.count) = e
	s.place(e.key, s.count)
	s.count++
}

// place takes a free slot.
func (s *shard) place(key digest, n int) {
	at := s.home(key)
	for s.index[at] != 0 {
		at = (at + 1) & (len(s.index) - 1)
	}
	s.index[at] = slot(key, n)
}

func (s *shard) grow() {
	s.index = make([]uint32, max(minSlots, 2*len(s.index)))
	for n := range s.count {
		s.place(s.entry(n).key, n)
	}
}

// remove takes the nth entry out; the last one takes its place.
func (s *shard) remove(n int) {
	at, _ := s.find(s.entry(n).key)
	s.vacate(at)
	last := s.count - 1
	if n != last {
		moved := *s.entry(last)
		at, _ = s.find(moved.key)
		s.index[at] = slot(moved.key, n)
		*s.entry(n) = moved
	}
	s.count = last
	// One spare chunk stays, so that a shard at the edge of one does not
	// allocate and free in turns.
	if keep := s.count/chunkSize + 2; len(s.chunks) > keep {
		s.chunks[keep] = nil
		s.chunks = s.chunks[:keep]
	}
}

// vacate frees a slot, and moves up those behind it that would not be found
// across the gap.
func (s *shard) vacate(gap int) {
	mask := len(s.index) - 1
	for next := (gap + 1) & mask; s.index[next] != 0; next = (next + 1) & mask {
		home := s.home(s.entry(s.number(next)).key)
		if (next-home)&mask >= (next-gap)&mask {
			s.index[gap] = s.index[next]
			gap = next
		}
	}
	s.index[gap] = 0
}

func (s *shard) clear() {
	s.count, s.chunks, s.index = 0, nil, nil
}
