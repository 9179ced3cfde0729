package plugins

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ReplicaPrefix begins the keys of the records that every gateway replicates:
// applications, kills, signing keys. They are few, they live together (one
// Redis Cluster slot), and they are written by [Store.Append] alone, so that
// whoever follows the feed sees every change of them.
const ReplicaPrefix = "r/"

var (
	// ErrUnavailable says that the store could not be asked, or that its
	// answer cannot be trusted: a refused connection, a time-out, a reply cut
	// short, a server that is loading, read-only or out of memory. A caller
	// answers 503 and never blames the client. Every error of a Store that is
	// none of the other sentinels, nor the context's own, wraps it.
	ErrUnavailable = errors.New("store unavailable")
	// ErrClosed says that the store was closed by its owner. It wraps
	// ErrUnavailable: to a client the two are the same.
	ErrClosed = fmt.Errorf("%w: closed", ErrUnavailable)
	// ErrCursor says that the cursor given to List is none that this listing
	// gave, or leads nowhere any more. It wraps ErrUnavailable, for whoever
	// lists with cursors that no person has seen.
	ErrCursor = fmt.Errorf("%w: cursor of another listing", ErrUnavailable)
	// ErrConflict says that the condition of a [Write] did not hold; nothing
	// of the call was written.
	ErrConflict = errors.New("store condition failed")
	// ErrLostPlace says that the feed no longer holds what follows the given
	// position, or that the feed is another one than the position belongs to.
	// The follower must load a new snapshot.
	ErrLostPlace = errors.New("position lost in the feed")
)

// Condition says what must be true of a key for a [Write] to happen.
type Condition uint8

const (
	// Always writes whatever is there.
	Always Condition = iota
	// IfAbsent writes only where nothing (that has not expired) is stored.
	IfAbsent
	// IfEqual writes only where exactly Write.Old is stored.
	IfEqual
)

// Write is one change of one key.
type Write struct {
	Key string
	// Value is what to store; nil deletes the key. An empty, non-nil value is
	// stored as such.
	Value []byte
	// TTL is how long the value lives; zero is without end. Stores keep
	// millisecond precision.
	TTL time.Duration
	// If is the condition under which to write; Old belongs to [IfEqual].
	If  Condition
	Old []byte
}

// Item is one stored key with its value. Value is nil where the key is absent
// or has expired.
type Item struct {
	Key   string
	Value []byte
}

// Page is one part of a listing. Cursor is empty after the last page, else it
// is what the next call gets. A page may be empty and not the last.
type Page struct {
	Items  []Item
	Cursor string
}

// Position is a place in the feed. Feed names the feed's incarnation: a store
// that was emptied, restored from a backup or failed over to a server that had
// not received everything must never be mistaken for the one followed before.
// Seq counts the entries of this incarnation from 1. The zero Position is
// before everything.
type Position struct {
	Feed string
	Seq  uint64
}

// Entry is one act in the feed: the writes of one [Store.Append], in order.
type Entry struct {
	Seq uint64
	// At is when the store accepted the entry, by the store's clock.
	At time.Time
	// Writes carries Key, Value and TTL of every write; conditions are gone.
	Writes []Write
}

// Batch is what [Store.Follow] found.
type Batch struct {
	// Entries follow the asked position without a gap. Empty when nothing
	// happened within the wait.
	Entries []Entry
	// Position is where to follow on from.
	Position Position
	// Now is the store's clock at the moment when the store confirmed that
	// nothing else than Entries followed the asked position, or, with more
	// entries to come, when it answered. It is never later than that moment.
	Now time.Time
	// More says that further entries wait already.
	More bool
}

// Bucket is a token bucket held by the store: it fills by Rate tokens a second
// up to Burst and forgets itself when it is full again.
type Bucket struct {
	Key   string
	Rate  float64
	Burst int
}

// Taken is the store's answer to [Store.Take].
type Taken struct {
	OK bool
	// Remaining is how many whole tokens are left.
	Remaining int
	// RetryAfter is how long until one token is there; zero when OK.
	RetryAfter time.Duration
}

// Store is the socket for the gateway's state. Implementations are safe for
// concurrent use. Every method may block until ctx ends, returns the errors of
// this package, and never returns another key's value: an implementation whose
// transport can mix up replies checks that before it answers.
type Store interface {
	// Get reads the keys in one round trip. The items stand in the order of
	// the keys, one for each.
	Get(ctx context.Context, keys ...string) ([]Item, error)

	// Put applies one write to a key outside [ReplicaPrefix], atomically.
	// It returns [ErrConflict] when the condition does not hold. When it
	// returns nil the write survives a crash of the gateway.
	Put(ctx context.Context, w Write) error

	// List returns the keys that begin with prefix, about limit of them a
	// page, in no particular order; a key that is written meanwhile may be
	// missed or seen twice. A cursor that it never gave is [ErrCursor]. It is
	// meant for snapshots and administration, never for the way of a request.
	List(ctx context.Context, prefix, cursor string, limit int) (Page, error)

	// Append applies writes to keys under [ReplicaPrefix] and adds them to the
	// feed, as one atomic act, and answers its place. All conditions are
	// checked first: [ErrConflict] means that nothing happened.
	Append(ctx context.Context, writes ...Write) (Position, error)

	// Follow returns the entries after the position, at once when there are
	// any, else after waiting up to wait. It returns [ErrLostPlace] when it
	// cannot prove that no entry was missed.
	Follow(ctx context.Context, after Position, wait time.Duration) (Batch, error)

	// Tail answers the feed's newest position and the store's clock. Taken
	// before a listing of [ReplicaPrefix], it is where to follow on from.
	Tail(ctx context.Context) (Position, time.Time, error)

	// Take takes one token from the bucket, in one round trip.
	Take(ctx context.Context, b Bucket) (Taken, error)

	// Close frees what the store holds. Calls under way end, later ones
	// return [ErrClosed].
	Close() error
}

// Collector is offered by a store that does not drop expired records under
// [ReplicaPrefix] by itself. Collect removes some, and says how many; it is
// called now and then, from one gateway or several.
type Collector interface {
	Collect(ctx context.Context) (int, error)
}

// Diagnoser is offered by a store that can tell an operator what is unsafe
// about its set-up, such as an eviction policy that drops records or missing
// persistence. Each finding is one sentence that says what to do.
type Diagnoser interface {
	Diagnose(ctx context.Context) ([]string, error)
}

// Exclusive is offered by a store that one process alone can have open, so that
// whoever is on record in it as another gateway has ended. Exclusive does nothing.
type Exclusive interface{ Exclusive() }

// StoreModule is what a guest in Caddy's namespace dcr.stores implements: it
// is configured by Caddy, and opens the store when the gateway starts.
type StoreModule interface {
	// StoreKey names what this configuration points at, without secrets: two
	// configurations with the same key share one open store, across reloads.
	// Whatever would need another connection (an address, a password) must
	// change it, so a password goes in as a hash.
	StoreKey() string
	// OpenStore opens the store. It returns an error only for what a restart
	// of something else cannot heal (a file that is locked or unreadable); a
	// server that is away now is reported by the Store's own calls.
	OpenStore() (Store, error)
}
