package state

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Observer is told what a replica does, for metrics. Its methods must not block.
type Observer interface {
	// EntryApplied tells how long after its acceptance by the store an entry
	// was applied here.
	EntryApplied(lag time.Duration, kills int)
	// SnapshotLoaded tells that the whole state was read, and why.
	SnapshotLoaded(reason SnapshotReason, took time.Duration)
	// FollowFailed tells that the store could not be asked for news.
	FollowFailed(err error)
}

// SnapshotReason says why a replica read the whole state.
type SnapshotReason string

const (
	SnapshotAtStart   SnapshotReason = "start"
	SnapshotLostPlace SnapshotReason = "lost_place"
	SnapshotBadEntry  SnapshotReason = "bad_entry"
)

// SnapshotReasons lists every reason.
var SnapshotReasons = []SnapshotReason{SnapshotAtStart, SnapshotLostPlace, SnapshotBadEntry}

// Replica holds the applications, kills and keys of the store in memory and
// follows their changes. Reading from it never blocks. [Replica.Run] keeps it
// up to date.
type Replica struct {
	Store plugins.Store
	// Observer may be nil.
	Observer Observer
	Logger   *slog.Logger
	// KeysChanged, when set, is called with all keys after every change of
	// them, from the goroutine of Run.
	KeysChanged func([]SigningKey)
	// Announce, when set, is called before the state is read, and before what is
	// decided by again after a silence; see [Nodes.Announce].
	Announce func(context.Context) error

	view atomic.Pointer[view]
	// confirmed is when, by the process's monotonic clock, the store last
	// said that nothing is missing here; nil is never.
	confirmed atomic.Pointer[time.Time]
	// astray is why the store is not believed, nil while it is; see plausible.
	astray atomic.Pointer[error]
	// offset is what to add to the local clock to get the store's.
	offset atomic.Int64
	// loadedAt is when the last snapshot was read; it belongs to Run.
	loadedAt time.Time

	catchUps catchUps
	// catalogue is the last that was made.
	catalogue atomic.Pointer[catalogueOf]

	mu       sync.Mutex
	position plugins.Position
	moved    chan struct{} // closed and replaced whenever position moves
}

// Astray returns why the store is not believed, nil while it is: what is written
// into one that has lost everything is lost with it when the right one is back.
// The error wraps plugins.ErrUnavailable.
func (r *Replica) Astray() error {
	if why := r.astray.Load(); why != nil {
		return *why
	}
	return nil
}

// Application looks an application up.
func (r *Replica) Application(id uuid.UUID) (*application.Application, bool) {
	if v := r.view.Load(); v != nil {
		return v.applications.Get(id)
	}
	return nil, false
}

// Applications visits every application, in no order, until visit returns false.
func (r *Replica) Applications(visit func(*application.Application) bool) {
	if v := r.view.Load(); v != nil {
		v.applications.All(func(_ uuid.UUID, a *application.Application) bool { return visit(a) })
	}
}

// Killed names the kind of kill that stops the subject, if one does.
func (r *Replica) Killed(x *revocation.Subject) (revocation.Kind, bool) {
	if v := r.view.Load(); v != nil {
		return v.kills.Check(x)
	}
	return "", false
}

// ChannelKilled says whether a kill stops the channel for a token of that age
// (Unix milliseconds by the store's clock).
func (r *Replica) ChannelKilled(channel string, tokenIssuedAt int64) bool {
	v := r.view.Load()
	return v != nil && v.kills.StopsChannel(channel, tokenIssuedAt)
}

// Sizes counts the applications and kills held.
func (r *Replica) Sizes() (applications, kills int) {
	if v := r.view.Load(); v != nil {
		return v.applications.Len(), v.kills.Len()
	}
	return 0, 0
}

// Keys returns the gateway's own keys. The caller must not change the slice.
func (r *Replica) Keys() []SigningKey {
	if v := r.view.Load(); v != nil {
		return *v.keys.Load()
	}
	return nil
}

// Now estimates the store's clock. It is never ahead of it by more than the
// drift of the local clock since the store was last asked.
func (r *Replica) Now() time.Time {
	return time.Now().Add(time.Duration(r.offset.Load()))
}

// Age tells how long ago the store last confirmed that nothing is missing
// here, and false when it never has.
func (r *Replica) Age() (time.Duration, bool) {
	at := r.confirmed.Load()
	if at == nil {
		return 0, false
	}
	return time.Since(*at), true
}

// Fresh returns nil while the replica may be decided from: it was loaded, and
// confirmed within the bound. The error wraps plugins.ErrUnavailable.
func (r *Replica) Fresh(bound time.Duration) error {
	age, ever := r.Age()
	if !ever {
		return fmt.Errorf("the state was not loaded yet: %w", plugins.ErrUnavailable)
	}
	if age > bound {
		return fmt.Errorf("the state was last confirmed %s ago, %s are allowed: %w",
			age.Round(time.Second), bound, plugins.ErrUnavailable)
	}
	return nil
}

// Position is the place in the feed up to which everything is applied here.
func (r *Replica) Position() plugins.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.position
}

// WaitFor blocks until the position is applied here, or ctx ends.
func (r *Replica) WaitFor(ctx context.Context, p plugins.Position) error {
	for {
		moved := r.whenMoved()
		here := r.Position()
		if here.Feed == p.Feed && here.Seq >= p.Seq {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// whenMoved returns a channel that is closed when the position moves next.
func (r *Replica) whenMoved() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.moved == nil {
		r.moved = make(chan struct{})
	}
	return r.moved
}

func (r *Replica) moveTo(p plugins.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.position == p {
		return
	}
	r.position = p
	if r.moved != nil {
		close(r.moved)
		r.moved = nil
	}
}

// confirm notes that the store answered at `now` by its own clock, for a call
// that began at `asked` by ours. Dating the confirmation from the beginning of
// the call makes the replica seem older than it is, never younger.
func (r *Replica) confirm(asked, now time.Time) {
	r.setClock(now)
	r.confirmed.Store(&asked)
}

// setClock notes what the store's clock says at this moment.
func (r *Replica) setClock(now time.Time) { r.offset.Store(int64(time.Until(now))) }
