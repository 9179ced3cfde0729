package throttle

import (
	"math/bits"
	"sync"
	"time"
)

const (
	// ways is how many buckets share a set, and so compete for room: a set is
	// two cache lines.
	ways = 8
	// maxLocks is among how many locks the sets are divided.
	maxLocks = 256
)

// Table holds the buckets of one limit, each as the moment at which it will be
// full (the generic cell rate algorithm). It never grows: 24 bytes for each of
// the callers for which it was made, without pointers that the garbage
// collector would have to follow, and memory that was never needed is only
// reserved. It is safe for concurrent use, and callers wait for each other only
// where their buckets lie behind one of 256 locks.
//
// A bucket that is full says no more than none, so only callers who have asked
// within the time that a bucket takes to fill need room. Where a set has none
// left, the bucket that is closest to full makes place for the newcomer: its
// caller gains what was missing, which is less than what any other in the set
// would gain. So a flood of made-up callers who ask once each pushes out only
// its own, and an empty bucket is pushed out only by as many buckets as fit in
// its set, each as empty. Where a bucket lies is a secret: whoever wants a fresh
// one has to empty about as many as the table holds, all within the time in
// which one fills, and wins one burst by it.
type Table struct {
	limit       Limit
	token, room int64 // what one token takes to come, and all
	now         func() time.Time
	since       time.Time
	sets        []set
	locks       []lock
}

// set holds buckets side by side, in no order. The zero bucket has been full
// since the table was made, and is nobody's.
type set struct {
	keys [ways]Key
	full [ways]int64 // nanoseconds since the table was made
}

type lock struct {
	sync.Mutex
	evicted uint64
	_       [48]byte // no two locks in one cache line
}

// NewTable makes a table for size callers: with so many at once, all of their
// buckets less than full, about one in thirty is forgotten before its time. The
// limit must be valid. The clock is time.Now where it is nil.
func NewTable(limit Limit, size int, now func() time.Time) *Table {
	if now == nil {
		now = time.Now
	}
	// Sets do not fill evenly, hence half as much room again.
	sets := max(1, (size+size/2+ways-1)/ways)
	t := &Table{
		limit: limit, token: limit.token(), now: now, since: now(),
		sets: make([]set, sets), locks: make([]lock, min(sets, maxLocks)),
	}
	t.room = int64(limit.Burst) * t.token
	return t
}

// Limit is the limit of every bucket in the table.
func (t *Table) Limit() Limit { return t.limit }

// Take takes one token from the caller's bucket, if one is there. A caller who
// is refused has spent nothing.
func (t *Table) Take(k Key) Result {
	now := t.clock()
	s, l := t.find(k)
	l.Lock()
	at, full := s.bucket(k, now, t.room)
	next := full + t.token
	ok := next-now <= t.room
	if ok {
		if at == ways {
			at = s.fullest()
			if s.full[at] > now {
				l.evicted++
			}
		}
		s.keys[at], s.full[at] = k, next
		full = next
	}
	l.Unlock()
	return t.result(ok, full, now)
}

// Peek answers as Take would, and takes nothing: Remaining and Reset are those
// of the bucket as it is.
func (t *Table) Peek(k Key) Result {
	now := t.clock()
	s, l := t.find(k)
	l.Lock()
	_, full := s.bucket(k, now, t.room)
	l.Unlock()
	return t.result(full+t.token-now <= t.room, full, now)
}

func (t *Table) result(ok bool, full, now int64) Result {
	r := Result{OK: ok, Remaining: int((t.room - (full - now)) / t.token), Reset: time.Duration(full - now)}
	if !ok {
		r.RetryAfter = time.Duration(full + t.token - now - t.room)
	}
	return r
}

func (t *Table) clock() int64 { return int64(t.now().Sub(t.since)) }

func (t *Table) find(k Key) (*set, *lock) {
	// The high half of the product is below the number of sets, and as evenly
	// spread as the hash.
	at, _ := bits.Mul64(uint64(k), uint64(len(t.sets)))
	return &t.sets[at], &t.locks[at%uint64(len(t.locks))]
}

// bucket finds the caller's bucket, and when it is full: now for one that has
// been full for longer, or is not there (at is ways then). A clock that was set
// back would make an empty bucket of one that takes much longer to fill.
func (s *set) bucket(k Key, now, room int64) (at int, full int64) {
	for i := range s.keys {
		if s.keys[i] == k {
			s.full[i] = min(s.full[i], now+room)
			return i, max(s.full[i], now)
		}
	}
	return ways, now
}

// fullest finds the bucket that is closest to full, or longest so.
func (s *set) fullest() int {
	fullest := 0
	for i := range s.full {
		if s.full[i] < s.full[fullest] {
			fullest = i
		}
	}
	return fullest
}
