package caddymodule

import (
	"context"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// keyCheckEvery is how often the gateway looks whether it still has a key to
// sign with, since a kill can take one away.
const keyCheckEvery = 2 * time.Second

// sweepEvery is how often known tokens that have expired make room.
const sweepEvery = time.Minute

func (a *App) ensureKeys(ctx context.Context, ready chan<- struct{}) {
	swept := time.Now()
	for first := true; ; {
		if time.Since(swept) > sweepEvery {
			a.cache.Sweep()
			swept = time.Now()
			a.retireKeys(ctx)
		}
		err := a.ensureOnce(ctx)
		if err == nil && first {
			close(ready)
			first = false
		}
		if err == nil {
			a.tellKeys()
		}
		if err != nil && ctx.Err() == nil {
			a.logger.Debug("keys are not ready", "error", err)
		}
		pause := keyCheckEvery
		if first {
			pause = 100 * time.Millisecond
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// retireKeys removes the keys that have ended. What fails is tried again.
func (a *App) retireKeys(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := a.backing.keys.Retire(ctx); err != nil && ctx.Err() == nil {
		a.logger.Debug("a key that has ended could not be removed", "error", err)
	}
}

func (a *App) ensureOnce(ctx context.Context) error {
	if _, loaded := a.backing.replica.Age(); !loaded {
		return errNotOpen
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for use, algorithm := range a.signing() {
		if err := a.backing.keys.Ensure(ctx, use, algorithm); err != nil {
			return err
		}
	}
	return nil
}

// signing says which algorithm each kind of key has that is used now.
func (a *App) signing() map[state.KeyUse]jws.Algorithm {
	return map[state.KeyUse]jws.Algorithm{
		state.KeyForSecrets:    jws.HS256,
		state.KeyForStatements: jws.Algorithm(a.Statements.Algorithm),
		state.KeyForTokens:     jws.Algorithm(a.Tokens.Algorithm),
	}
}
