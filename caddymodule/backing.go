package caddymodule

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/breaker"
	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/lastused"
	"github.com/caddy-dcr/caddy-dcr/internal/moving"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// startWait is how long a configuration waits for the state before it
	// goes on without: long enough for every store that is up, short enough
	// for a start while Redis is down.
	startWait = 2 * time.Second
	// collectEvery is how often expired records are collected in stores that
	// do not drop them by themselves.
	collectEvery = 10 * time.Minute
)

// backings holds what outlives a reload, by what it depends on: the store with
// its replica and keys. Two configurations that name the same store share one.
var backings = &backingPool{UsagePool: caddy.NewUsagePool(), leaving: map[*share]struct{}{}}

// instance tells this process from others.
var instance = rand.Text()

// backing is one store and what is kept in memory of it.
type backing struct {
	module  plugins.StoreModule
	logger  *slog.Logger
	gate    *gate
	store   *moving.Store
	records state.Records
	replica *state.Replica
	nodes   *state.Nodes
	audit   *audit.Log
	keys    *keyring.Ring
	breaker *breaker.Store
	uses    *lastused.Stamper
	book    *census.Book
	untrack []func()
	stale   atomic.Bool // that it was told to be too old to decide from

	starting sync.Once
	startErr error
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// newBacking wires a backing and touches neither disk nor network: Caddy also
// provisions configurations that it will never run.
func newBacking(module plugins.StoreModule, nodeName string, sealer *keyring.Sealer, logger *slog.Logger) *backing {
	logger = slog.New(runningLog{first: logger.Handler()})
	rt := &backing{module: module, logger: logger, gate: &gate{}}
	rt.breaker = breaker.New(rt.gate, nil)
	rt.breaker.Changed = rt.tellBreaker
	store := traced(metricsOf.Store(rt.breaker), module)
	rt.records = state.Records{Store: store}
	rt.replica = &state.Replica{Store: store, Observer: metricsOf.Observer(), Logger: logger}
	rt.keys = keyring.New(rt.records, rt.replica, sealer, logger)
	rt.replica.KeysChanged = rt.keys.Load
	rt.uses = &lastused.Stamper{Clients: rt.records, Now: rt.replica.Now, Noted: metricsOf.UseNoted, Logger: logger}
	rt.book = &census.Book{}
	rt.nodes = &state.Nodes{Replica: rt.replica, Name: nodeName, Instance: instance, Logger: logger}
	rt.replica.Announce = rt.nodes.Announce
	rt.audit = audit.New(rt.records, rt.replica, nodeName, logger, metricsOf)
	rt.audit.Acted = tellActed
	return rt
}

// start opens the store and begins to follow it, once.
func (rt *backing) start() error {
	rt.starting.Do(func() {
		store, err := leaseStore(rt.module)
		if err != nil {
			rt.startErr = fmt.Errorf("opening the store: %w", err)
			return
		}
		if rt.store, err = moves.arrive(rt); err == nil && rt.store == nil {
			rt.store = moving.New(store, rt.logger)
			err = refuseMoved(store)
		}
		if err != nil {
			rt.startErr = errors.Join(err, store.Close())
			return
		}
		rt.gate.open(ownedStore{rt.store, store})
		ctx, cancel := context.WithCancel(context.Background())
		rt.cancel = cancel
		rt.untrack = []func(){
			metricsOf.TrackReplica(rt.replica), metricsOf.TrackBreaker(rt.breaker.Open), metricsOf.TrackKeys(rt.keys),
		}
		rt.running.Go(func() { rt.replica.Run(ctx) })
		rt.running.Go(func() { rt.nodes.Run(ctx) })
		rt.running.Go(func() { rt.uses.Run(ctx) })
		rt.running.Go(func() { rt.housekeep(ctx) })
	})
	return rt.startErr
}

// makeReady starts the backing and waits, not for long, until the state is
// here.
func (rt *backing) makeReady() error {
	if err := rt.start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(startWait); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, loaded := rt.replica.Age(); loaded {
			break
		}
	}
	return nil
}

// housekeep tells the operator what is unsafe about the store, and collects
// what has expired.
func (rt *backing) housekeep(ctx context.Context) {
	rt.diagnose(ctx)
	for {
		select {
		case <-time.After(collectEvery):
			if n, err := rt.gate.Collect(ctx); err != nil {
				rt.logger.Debug("expired records could not be collected", "error", err)
			} else if n > 0 {
				rt.logger.Debug("expired records collected", "count", n)
			}
		case <-ctx.Done():
			return
		}
	}
}

// diagnose asks once, as soon as the store answers.
func (rt *backing) diagnose(ctx context.Context) {
	for {
		findings, err := rt.gate.Diagnose(ctx)
		if err == nil {
			for _, finding := range findings {
				rt.logger.Warn("the store is not set up safely: " + finding)
			}
			return
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

// Destruct ends the backing when no configuration uses it any more.
func (rt *backing) Destruct() error {
	if backings.goesOn(rt) {
		// Else it would take the gateway off the list of those that others
		// wait for when they revoke something.
		rt.gate.shut()
	}
	if rt.cancel != nil {
		for _, untrack := range rt.untrack {
			untrack()
		}
		rt.cancel()
		rt.running.Wait()
	}
	moves.leave(rt)
	return rt.gate.Close()
}

var _ caddy.Destructor = (*backing)(nil)
