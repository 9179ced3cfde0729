package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/moving"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

// moves holds the one move that a process can be in.
var moves moveTable

type moveTable struct {
	mu      sync.Mutex
	current *move
}

// move is a gateway on its way from one store to another.
type move struct {
	from, to string // the keys of the stores
	store    *moving.Store
	// origin is the backing that works with the first store, successors are
	// those of configurations that name the other.
	origin     *backing
	successors map[*backing]struct{}
	target     plugins.Store // a share of the other store
}

// begin opens the other store and begins the move.
func (t *moveTable) begin(ctx context.Context, origin *backing, module plugins.StoreModule) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := t.current; m != nil {
		if is, _, _ := m.store.Progress(); is != moving.Failed {
			return fmt.Errorf("a move is under way already: %w", moving.ErrBusy)
		}
		t.end()
	}
	if module.StoreKey() == origin.module.StoreKey() {
		return errors.New("the configuration names the store that the gateway works with")
	}
	if backings.shared(origin) {
		return errJustReloaded
	}
	target, err := leaseStore(module)
	if err != nil {
		return err
	}
	if err := origin.store.Begin(ctx, target); err != nil {
		return errors.Join(err, target.Close())
	}
	t.current = &move{from: origin.module.StoreKey(), to: module.StoreKey(), store: origin.store, origin: origin, target: target, successors: map[*backing]struct{}{}}
	return nil
}

// end forgets the move, and gives its share of the other store back.
func (t *moveTable) end() {
	if t.current != nil {
		_ = t.current.target.Close()
		t.current = nil
	}
}

// abandon stops a move that nobody has gone over with.
func (t *moveTable) abandon() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch m := t.current; {
	case m == nil:
		return fmt.Errorf("there is no move: %w", moving.ErrBusy)
	case len(m.successors) > 0:
		return fmt.Errorf("the gateway has gone over already: %w", moving.ErrBusy)
	default:
		m.store.Finish()
		t.end()
		return nil
	}
}

// arrive is asked by a backing that starts. If it is the one that the move
// leads to, the two stores change places, and it shares them.
func (t *moveTable) arrive(b *backing) (*moving.Store, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.current
	if m == nil || m.to != b.module.StoreKey() {
		return nil, nil
	}
	if len(m.successors) > 0 { // of a configuration that differs in something else
		m.successors[b] = struct{}{}
		return m.store, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	if err := alone(ctx, m.origin); err != nil {
		return nil, err
	}
	if err := m.store.Switch(); err != nil {
		is, copied, _ := m.store.Progress()
		return nil, fmt.Errorf("the move to this store is not ready: it is %s, with %d records copied; "+
			"see caddy dcr store status: %w", is, copied, err)
	}
	m.successors[b] = struct{}{}
	b.logger.Info("the gateway has gone over to the other store; the one before is kept like it until nobody needs it")
	return m.store, nil
}

// leave is told of a backing that ends.
func (t *moveTable) leave(b *backing) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.current
	if m == nil {
		return
	}
	_, successor := m.successors[b]
	delete(m.successors, b)
	switch {
	case m.origin == b:
		m.store.Finish()
		t.end()
		b.logger.Info("the move is finished: nobody works with the store before any more")
	case successor && len(m.successors) == 0:
		// The configuration that named the other store has failed.
		if err := m.store.Back(); err != nil {
			b.logger.Error("the gateway stays with the other store, although its configuration names the one before; reload again", "error", err)
			return
		}
		b.logger.Warn("the gateway is back with the store before; both are alike")
	}
}

// alone refuses to move a store that other gateways write to: what they write
// would not be in the other one.
func alone(ctx context.Context, b *backing) error {
	others, err := b.nodes.Others(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return fmt.Errorf("%w: %s", errNotAlone, strings.Join(others, ", "))
	}
	return nil
}

// errJustReloaded is about a configuration that has gone, whose last requests
// may still write past the move.
var errJustReloaded = fmt.Errorf("a configuration that was replaced moments ago still works with the store: %w", moving.ErrBusy)

var errNotAlone = errors.New("other gateways work with the store")

// refuseMoved fails where the store says that nobody may work with it. One that
// does not answer now is asked again by whoever reads the state.
func refuseMoved(store plugins.Store) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var moved *state.MovedError
	if err := state.CheckMoved(ctx, store); errors.As(err, &moved) {
		return err
	}
	return nil
}

// mover is the move of one gateway, for its management.
type mover struct{ app *App }

// Begin implements management.Mover.
func (m mover) Begin(ctx context.Context, raw json.RawMessage) error {
	module, err := m.app.otherStore(raw)
	if err != nil {
		return &management.Error{Code: management.Invalid, Field: "store", Message: err.Error(), Hint: "name a configuration that caddy validate accepts"}
	}
	if err := alone(ctx, m.app.backing); err != nil {
		return refusedMove(err)
	}
	if err := moves.begin(ctx, m.app.backing, module); err != nil {
		return refusedMove(err)
	}
	return nil
}

func refusedMove(err error) error {
	e := &management.Error{Code: management.InUse, Field: "store", Message: err.Error()}
	switch {
	case errors.Is(err, moving.ErrNotEmpty):
		e.Hint = "give it an empty one: another file, another key_prefix, or one that was emptied"
	case errors.Is(err, errNotAlone):
		e.Hint = "stop them first: what they write would not be in the other store"
	case errors.Is(err, errJustReloaded):
		e.Hint = "try again in ten seconds"
	case errors.Is(err, moving.ErrBusy):
		e.Hint = "see caddy dcr store status"
	default:
		e.Code = management.Invalid
	}
	return e
}

// State implements management.Mover.
func (m mover) State() management.Move {
	moves.mu.Lock()
	defer moves.mu.Unlock()
	if moves.current == nil {
		return management.Move{State: string(moving.Idle)}
	}
	is, copied, err := moves.current.store.Progress()
	view := management.Move{State: string(is), Copied: copied}
	if err != nil {
		view.Error = err.Error()
	}
	return view
}

// Abandon implements management.Mover.
func (m mover) Abandon() error {
	if err := moves.abandon(); err != nil {
		return refusedMove(err)
	}
	return nil
}

// otherStore makes the module of a store that another configuration names.
func (a *App) otherStore(raw json.RawMessage) (plugins.StoreModule, error) {
	if len(raw) == 0 || string(raw) == "null" {
		bolt := new(boltstore.Module)
		return bolt, bolt.Provision(a.ctx)
	}
	var named struct {
		Module string `json:"module"`
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(raw, &fields) // it was read before
	delete(fields, "module")
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	value, err := a.ctx.LoadModuleByID("dcr.stores."+named.Module, text)
	if err != nil {
		return nil, err
	}
	module, ok := value.(plugins.StoreModule)
	if !ok {
		return nil, fmt.Errorf("the module %T opens no store", value)
	}
	return module, nil
}

var _ management.Mover = mover{}

// ownedStore is what a gate holds: the stores of a move, and the share that
// this backing has of one of them.
type ownedStore struct {
	*moving.Store
	share plugins.Store
}

// Close gives the share back.
func (s ownedStore) Close() error { return s.share.Close() }

var _ caddy.Destructor = (*backing)(nil)
