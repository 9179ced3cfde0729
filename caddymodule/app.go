package caddymodule

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const (
	defaultLifetime  = 6 * time.Hour
	longestLifetime  = token.LongestLifetime
	defaultStaleness = 5 * time.Minute
	// shortestStaleness stands for an operator's 0: the replica hears from a
	// healthy store at least once a second, and a pause of three is no longer
	// health.
	shortestStaleness = 3 * time.Second
	defaultCacheSize  = 1_000_000
	leeway            = 60 * time.Second

	formatJWT    = "jwt"
	formatOpaque = "opaque"
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

// defaults fills in what was left out and refuses what cannot be.
func (a *App) defaults() error {
	issuer, err := url.Parse(a.Issuer)
	if a.Issuer == "" || err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" ||
		(issuer.Scheme != "https" && (issuer.Scheme != "http" || !a.AllowHTTP)) {
		return fmt.Errorf("issuer: got %q, want an https URL without query, such as https://sp.auth.example.com "+
			"(http only with allow_http)", a.Issuer)
	}
	if a.Tokens.Lifetime == 0 {
		a.Tokens.Lifetime = caddy.Duration(defaultLifetime)
	}
	if d := time.Duration(a.Tokens.Lifetime); d < time.Second || d > longestLifetime {
		return fmt.Errorf("tokens: lifetime: got %s, want %s to %s", d, time.Second, longestLifetime)
	}
	switch a.Tokens.Format {
	case "":
		a.Tokens.Format = formatJWT
	case formatJWT, formatOpaque:
	default:
		return fmt.Errorf("tokens: format: got %q, want %s or %s", a.Tokens.Format, formatJWT, formatOpaque)
	}
	if err := algorithm(&a.Tokens.Algorithm, jws.HS256); err != nil {
		return fmt.Errorf("tokens: algorithm: %w", err)
	}
	if err := algorithm(&a.Statements.Algorithm, jws.RS256); err != nil {
		return fmt.Errorf("statements: algorithm: %w", err)
	}
	if err := a.Explain.defaults(); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	if a.Tokens.Audience == "" {
		a.Tokens.Audience = a.Issuer
	}
	if a.Tokens.CacheSize == 0 {
		a.Tokens.CacheSize = defaultCacheSize
	}
	switch {
	case a.Staleness == 0:
		a.Staleness = caddy.Duration(defaultStaleness)
	case time.Duration(a.Staleness) < shortestStaleness:
		a.Staleness = caddy.Duration(shortestStaleness)
	}
	return nil
}

func algorithm(name *string, fallback jws.Algorithm) error {
	if *name == "" {
		*name = string(fallback)
	}
	parsed, err := jws.ParseAlgorithm(*name)
	*name = string(parsed)
	return err
}

// sealer reads the operator's key, if there is one. The resolved key stays out
// of the configuration, which Caddy shows and saves.
func (a *App) sealer() (*keyring.Sealer, error) {
	if a.KeyEncryptionKey == "" {
		a.logger.Warn("signing keys lie in the store in the clear; set key_encryption_key to encrypt them")
		return nil, nil
	}
	text, err := caddy.NewReplacer().ReplaceOrErr(a.KeyEncryptionKey, true, true)
	if err != nil {
		return nil, err
	}
	if text == a.KeyEncryptionKey {
		a.logger.Warn("key_encryption_key stands in the configuration, which Caddy shows and saves; " +
			"write a placeholder such as {env.DCR_KEK} or {file./run/secrets/dcr_kek}")
	}
	a.sealedBy = sha256.Sum256([]byte(text))
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("want 32 bytes as base64 (openssl rand -base64 32)")
	}
	return keyring.NewSealer(key)
}

// attach finds or makes the backing of the configured store.
func (a *App) attach(ctx caddy.Context, sealer *keyring.Sealer) error {
	module, err := a.storeModule(ctx)
	if err != nil {
		return err
	}
	name, err := a.nodeName()
	if err != nil {
		return err
	}
	a.poolKey = module.StoreKey() + "|" + a.NodeName + "|" + hex.EncodeToString(a.sealedBy[:])
	value, _, err := backings.LoadOrNew(a.poolKey, func() (caddy.Destructor, error) {
		return newBacking(module, name, sealer, a.logger), nil
	})
	if err != nil {
		return err
	}
	a.backing = value.(*backing)
	a.backing.nodes.Remember(time.Duration(a.Staleness))
	return nil
}

func (a *App) storeModule(ctx caddy.Context) (plugins.StoreModule, error) {
	if a.StoreRaw == nil {
		bolt := new(boltstore.Module)
		if err := bolt.Provision(ctx); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		return bolt, nil
	}
	value, err := ctx.LoadModule(a, "StoreRaw")
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	module, ok := value.(plugins.StoreModule)
	if !ok {
		return nil, fmt.Errorf("store: the module %T opens no store", value)
	}
	return module, nil
}

// nodeName makes a name that no other gateway of the fleet has, since many
// run in containers that are all called the same.
func (a *App) nodeName() (string, error) {
	if a.NodeName != "" {
		return a.NodeName, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("node_name: the host has no name (%w); give one", err)
	}
	suffix := make([]byte, 3)
	_, _ = rand.Read(suffix) // never fails: crypto/rand
	return host + "-" + hex.EncodeToString(suffix), nil
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
		_, errs[1] = backings.Delete(a.poolKey)
	}
	return errors.Join(append(errs[:], a.releaseTables(), a.releaseSpread())...)
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
