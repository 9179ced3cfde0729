// Package sightings notices clients that are seen from many devices.
package sightings

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// ways is how many clients share a set, and so compete for room.
	ways     = 8
	maxLocks = 256
)

// Limit is from how many devices one client may be seen within a time.
type Limit struct {
	Devices int
	Within  time.Duration
}

// Table holds, for a bounded number of clients, an estimate of how many
// different devices each was seen from lately: about 150 bytes for each, without
// pointers that the garbage collector would have to follow. It is safe for
// concurrent use, and callers wait for each other only where their clients lie
// behind one of 256 locks.
//
// Lately is between half of the time of its limit and all of it: two sketches
// take turns. Where a set has no room, the client that was seen from the
// fewest devices makes place, and of several the one that was not seen for
// longest. So a client that is spread stays, however many others come and go.
type Table struct {
	limit Limit
	now   func() time.Time
	since time.Time
	seed  maphash.Seed
	sets  []set
	locks []lock
}

type set struct {
	keys    [ways]uint64 // zero is nobody's
	clients [ways]client
}

// client is what is known of one. Halves of the limit's time are numbered from
// one.
type client struct {
	half   uint32 // in which it was seen last
	told   uint32 // in which it was said to be spread last, or zero
	seen   uint32 // the second
	filled uint32 // how many registers hold anything: a measure of its spread
	now    sketch // of this half
	before sketch // of the one before
}

type lock struct {
	sync.Mutex
	_ [56]byte // no two locks in one cache line
}

// NewTable makes a table for size clients. The clock is time.Now where it is
// nil.
func NewTable(limit Limit, size int, now func() time.Time) *Table {
	if now == nil {
		now = time.Now
	}
	sets := max(1, (size+ways-1)/ways)
	return &Table{
		limit: limit, now: now, since: now(), seed: maphash.MakeSeed(),
		sets: make([]set, sets), locks: make([]lock, min(sets, maxLocks)),
	}
}

// Seen notes that the client was seen from the device, which is given as a hash
// that nobody can choose. It returns true when that makes it one that is seen
// from as many devices as the limit says, and how many these are, by estimate;
// that is, once within the limit's time.
func (t *Table) Seen(id uuid.UUID, device uint64) (devices int, spread bool) {
	key := t.key(id)
	at, _ := bits.Mul64(key, uint64(len(t.sets)))
	s, l := &t.sets[at], &t.locks[at%uint64(len(t.locks))]
	since := t.now().Sub(t.since)
	half := uint32(since/(t.limit.Within/2)) + 1
	l.Lock()
	defer l.Unlock()
	c := s.find(key, half)
	c.turn(half)
	c.seen = uint32(since / time.Second)
	if !c.now.add(device) {
		return 0, false
	}
	c.filled = uint32(filled(&c.now, &c.before))
	if c.told != 0 && half < c.told+2 {
		return 0, false
	}
	if devices = estimate(&c.now, &c.before); devices < t.limit.Devices {
		return devices, false
	}
	c.told = half
	return devices, true
}

// key is never zero.
func (t *Table) key(id uuid.UUID) uint64 {
	return maphash.Bytes(t.seed, id[:]) | 1
}

// find gives the place of a client, which it may have to take from another.
func (s *set) find(key uint64, half uint32) *client {
	place := 0
	for i, k := range s.keys {
		if k == key {
			return &s.clients[i]
		}
		if s.clients[i].yields(&s.clients[place], half) {
			place = i
		}
	}
	s.keys[place], s.clients[place] = key, client{}
	return &s.clients[place]
}

// yields says whether a client makes place rather than another.
func (c *client) yields(to *client, half uint32) bool {
	worth, other := c.worth(half), to.worth(half)
	return worth < other || worth == other && c.seen < to.seen
}

// worth is nothing for a client that was not seen lately.
func (c *client) worth(half uint32) uint32 {
	if c.half+1 < half {
		return 0
	}
	return c.filled
}

// turn brings the sketches to the half.
func (c *client) turn(half uint32) {
	switch c.half {
	case half:
		return
	case half - 1:
		c.before = c.now
	default:
		c.before = sketch{}
	}
	c.now, c.half = sketch{}, half
}
