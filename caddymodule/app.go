package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

func init() {
	caddy.RegisterModule(new(App))
}

// CaddyModule names the module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "dcr", New: func() caddy.Module { return new(App) }}
}

// Provision checks the configuration and wires what it describes. It opens no
// file of state and no connection.
func (a *App) Provision(ctx caddy.Context) error {
	a.logger = ctx.Slogger()
	a.provisionedAt, a.number = time.Now(), provisions.begin()
	a.lookAround(ctx)
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return err
	}
	if err := a.defaults(); err != nil {
		return err
	}
	var err error
	if a.announcer, err = newAnnouncer(ctx); err != nil {
		return err
	}
	sealer, err := a.sealer()
	if err != nil {
		return fmt.Errorf("key_encryption_key: %w", err)
	}
	if err := a.attach(ctx, sealer); err != nil {
		return err
	}
	if err := a.attachCache(); err != nil {
		return err
	}
	if err := a.attachThrottle(); err != nil {
		return err
	}
	if err := a.attachMemory(); err != nil {
		return err
	}
	if a.services, err = newServices(a); err != nil {
		return err
	}
	if runningApp() != nil {
		// The servers of the new configuration may take requests before this
		// app starts: what it signs with, if that is new, is made before.
		if err := a.ensureOnce(ctx); err != nil {
			a.logger.Warn("keys are not ready; token requests get 503 until they are", "error", err)
		}
	}
	return nil
}

// Start opens the store and waits, not for long, until the state is here. It
// goes on without: the gateway heals by itself when the store comes.
func (a *App) Start() error {
	if err := a.backing.start(); err != nil {
		return err
	}
	a.warnOfUnsafe()
	a.started = true
	a.hide = a.shown()
	metricsOf.ConfigurationEnded(metrics.ConfigurationStarted)
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	ready := make(chan struct{})
	a.upkeep.Go(func() { a.ensureKeys(ctx, ready) })
	a.upkeep.Go(func() { historyOf.run(ctx) })
	a.upkeep.Go(func() { a.watchState(ctx) })
	if w := a.services.walker; w != nil {
		a.upkeep.Go(func() {
			defer metricsOf.TrackCensus(w.Book.Latest, w.State.Now, a.breakdown.labels)()
			w.Run(ctx)
		})
	}
	select {
	case <-ready:
	case <-time.After(startWait):
		a.logger.Warn("the state is not here yet; requests get 503 until it is")
	}
	return nil
}

// Stop ends what Start began for this configuration. The backing goes on if
// another configuration uses it.
func (a *App) Stop() error {
	if a.stop != nil {
		a.stop()
		a.upkeep.Wait()
		a.hide()
	}
	return nil
}

// Cleanup lets the backing go. Caddy calls it on half-provisioned apps too.
func (a *App) Cleanup() error {
	if !a.started {
		metricsOf.ConfigurationEnded(metrics.ConfigurationFailed)
	}
	a.breakdown.release()
	var errs [3]error
	if a.memory != nil {
		_, errs[2] = memories.Delete(a.memoryKey)
	}
	if a.cache != nil {
		_, errs[0] = tokenCaches.Delete(a.cacheKey)
	}
	if a.backing != nil {
		a.forget()
		_, errs[1] = backings.Delete(a.poolKey)
	}
	return errors.Join(append(errs[:], a.releaseTables(), a.releaseSpread())...)
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
