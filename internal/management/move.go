package management

import (
	"context"
	"encoding/json"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// Move is how far a gateway is on its way to another store.
type Move struct {
	// State is idle, copying, alike, switched or failed.
	State string `json:"state"`
	// Copied counts the records that were copied.
	Copied uint64 `json:"copied"`
	// Error says why it failed.
	Error string `json:"error,omitempty"`
}

// Mover moves the gateway to another store.
type Mover interface {
	// Begin begins it: to the store that a configuration names like this.
	Begin(ctx context.Context, store json.RawMessage) error
	State() Move
	// Abandon stops a move that has not gone over yet.
	Abandon() error
}

// BeginMove begins to make another store like the one that the gateway works
// with. It goes over with the configuration that names the other one.
func (s *Service) BeginMove(ctx context.Context, call Call, store json.RawMessage) (Move, error) {
	return s.turnMove(ctx, call, func() error { return s.Mover.Begin(ctx, store) })
}

// AbandonMove stops the move.
func (s *Service) AbandonMove(ctx context.Context, call Call) (Move, error) {
	return s.turnMove(ctx, call, s.Mover.Abandon)
}

// ShowMove says how far the move is.
func (s *Service) ShowMove(who access.Actor) (Move, error) {
	if err := begin(who, access.MoveStore); err != nil {
		return Move{}, err
	}
	return s.Mover.State(), nil
}

func (s *Service) turnMove(ctx context.Context, call Call, turn func() error) (Move, error) {
	if err := begin(call.Actor, access.MoveStore); err != nil {
		return Move{}, err
	}
	before := s.Mover.State()
	if err := turn(); err != nil {
		return Move{}, err
	}
	err := s.commit(ctx, call.Actor, "moving the store", func(_ context.Context, p *plan) error {
		role, err := p.allow(access.MoveStore, allOfIt, access.Resource{}, forbidden(access.MoveStore))
		if err == nil {
			p.note(access.MoveStore, role, allOfIt, access.Resource{}, Move{State: before.State}, Move{State: s.Mover.State().State})
		}
		return err
	})
	return s.Mover.State(), err
}
