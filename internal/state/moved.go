package state

import (
	"context"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// moveMarkKey is where a store says that nobody may work with it: because it was
// left, and what is in it is out of date, or because not everything is in it
// yet. It is replicated, so that every gateway that works with it, or begins
// to, learns of it; none of them believes the store any more.
const moveMarkKey = plugins.ReplicaPrefix + "v"

// MoveMark says why nobody may work with a store.
type MoveMark string

const (
	// Left stores were moved to another one.
	Left MoveMark = "the gateway has moved from this store to another one, so that what is in it is out of date"
	// Unfinished stores are being filled by a move, or were.
	Unfinished MoveMark = "the move to this store was not finished, so that it does not hold everything"
)

// MoveMarkWrite is the write that marks a store; an empty mark is none.
func MoveMarkWrite(mark MoveMark) plugins.Write {
	w := plugins.Write{Key: moveMarkKey}
	if mark != "" {
		w.Value = []byte(mark)
	}
	return w
}

// CheckMoved fails where the store is marked, or does not answer.
func CheckMoved(ctx context.Context, store plugins.Store) error {
	items, err := store.Get(ctx, moveMarkKey)
	if err != nil {
		return err
	}
	if len(items) != 1 || items[0].Key != moveMarkKey {
		return fmt.Errorf("the store answered for other keys than asked: %w", plugins.ErrUnavailable)
	}
	return marked(items[0].Value)
}

func marked(value []byte) error {
	if value == nil {
		return nil
	}
	return &MovedError{MoveMark(value)}
}

// MovedError is about a store that is marked.
type MovedError struct{ Mark MoveMark }

func (e *MovedError) Error() string {
	return string(e.Mark) + "; name the store in which everything is, or give the gateway an empty one"
}

// Unwrap says that such a store is as good as one that does not answer.
func (e *MovedError) Unwrap() error { return plugins.ErrUnavailable }
