// Package keyring holds the gateway's own keys: it makes them when there are
// none, shares them through the store, and says which one to use.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// entry is one generation of a key, ready for use.
type entry struct {
	record state.SigningKey
	key    *jws.Key // nil for the keys of secrets
}

// contents is everything that the ring holds; it is replaced as a whole.
type contents struct {
	entries []entry
	secrets []timed // the newest first; none without keys
	err     error   // why some key could not be used
}

// timed is what hashes new secrets from a moment on.
type timed struct {
	from int64
	ring *secret.Keyring
}

// Ring gives out the keys that the replica knows.
type Ring struct {
	records state.Records
	replica *state.Replica
	sealer  *Sealer
	logger  *slog.Logger
	current atomic.Pointer[contents]

	mu    sync.Mutex
	inUse map[state.KeyUse]string // the ids that [Ring.Changed] saw last
}

// New makes an empty ring. The sealer is nil where keys lie in the store in
// the clear. The replica must call [Ring.Load] whenever its keys change.
func New(records state.Records, replica *state.Replica, sealer *Sealer, logger *slog.Logger) *Ring {
	r := &Ring{records: records, replica: replica, sealer: sealer, logger: logger}
	r.current.Store(&contents{})
	return r
}

// Load takes the keys of the replica over. A key that cannot be read is left
// out, said in the log, and kept as the reason for [Ring.Err].
func (r *Ring) Load(records []state.SigningKey) {
	next := &contents{}
	versions, from := map[uint8][]byte{}, map[uint8]int64{}
	for _, record := range records {
		material := record.Material
		var err error
		if record.Sealed {
			material, err = r.sealer.unseal(record.ID, material)
		}
		e := entry{record: record}
		switch {
		case err != nil:
		case record.Use == state.KeyForSecrets:
			versions[uint8(record.Generation)], from[uint8(record.Generation)] = material, record.SignsFrom
		default:
			e.key, err = jws.Unmarshal(record.ID, jws.Algorithm(record.Algorithm), material)
		}
		if err != nil {
			next.err = fmt.Errorf("key %s (%s, generation %d) cannot be used: %w", record.ID, record.Use, record.Generation, err)
			r.logger.Error(next.err.Error())
			continue
		}
		next.entries = append(next.entries, e)
	}
	if len(versions) > 0 {
		var err error
		if next.secrets, err = secretsOf(versions, from); err != nil {
			next.err = fmt.Errorf("the keys of secrets cannot be used: %w", err)
			r.logger.Error(next.err.Error())
		}
	}
	r.current.Store(next)
}

func secretsOf(versions map[uint8][]byte, from map[uint8]int64) ([]timed, error) {
	all, err := secret.NewKeyring(versions)
	if err != nil {
		return nil, err
	}
	var secrets []timed
	for _, version := range slices.Backward(slices.Sorted(maps.Keys(versions))) {
		ring, _ := all.Making(version)
		secrets = append(secrets, timed{from[version], ring})
	}
	return secrets, nil
}

// Err is why a key of the store cannot be used here, or nil.
func (r *Ring) Err() error { return r.current.Load().err }

// Secrets gives the keys with which client secrets are hashed, or nil while
// there are none.
func (r *Ring) Secrets() *secret.Keyring {
	secrets := r.current.Load().secrets
	if len(secrets) == 0 {
		return nil
	}
	if len(secrets) > 1 {
		now := r.replica.Now().UnixMilli()
		for _, s := range secrets {
			if s.from <= now {
				return s.ring
			}
		}
	}
	return secrets[len(secrets)-1].ring
}

// Signing gives the key that signs now for the use in the algorithm: the
// newest one that has begun and was not killed. It is nil while there is none.
func (r *Ring) Signing(use state.KeyUse, algorithm jws.Algorithm) *jws.Key {
	e, _ := r.used(use, algorithm)
	return e.key
}

// Age tells how long the newest key of the use has been in use, in whatever
// algorithm, and false while there is none.
func (r *Ring) Age(use state.KeyUse) (time.Duration, bool) {
	now := r.replica.Now()
	newest := int64(-1)
	for _, e := range r.current.Load().entries {
		if e.record.Use == use && e.record.SignsFrom <= now.UnixMilli() && !r.killed(e.record.ID) {
			newest = max(newest, e.record.SignsFrom)
		}
	}
	return now.Sub(time.UnixMilli(newest)), newest >= 0
}

// Verifying finds the key of the use by its id, or nil. A killed key is found
// as well: what it signed is refused as killed, and not as badly signed.
func (r *Ring) Verifying(use state.KeyUse, id string) *jws.Key {
	for _, e := range r.current.Load().entries {
		if e.record.Use == use && e.record.ID == id {
			return e.key
		}
	}
	return nil
}

// Public lists the keys that others may verify with. Killed ones are left out.
func (r *Ring) Public() []*jws.Key {
	var keys []*jws.Key
	for _, e := range r.current.Load().entries {
		if e.key != nil && !r.killed(e.record.ID) {
			keys = append(keys, e.key)
		}
	}
	return keys
}

func (r *Ring) killed(id string) bool {
	_, killed := r.replica.Killed(&revocation.Subject{KeyID: id})
	return killed
}

// Ensure makes sure that there is a key that signs for the use in the
// algorithm; gateways that start at the same moment agree on one. It blocks
// until the key is here, or ctx ends.
func (r *Ring) Ensure(ctx context.Context, use state.KeyUse, algorithm jws.Algorithm) error {
	for {
		if err := r.Err(); err != nil {
			// Making another key would hide that the store holds one which this
			// gateway was not given the means to read.
			return err
		}
		if r.has(use, algorithm) {
			return nil
		}
		record, err := r.Generate(use, algorithm, r.replica.Now())
		if err != nil {
			return err
		}
		position, err := r.records.AddSigningKey(ctx, record)
		if errors.Is(err, state.ErrExists) {
			if position, _, err = r.records.Store.Tail(ctx); err != nil {
				return err
			}
		} else if err != nil {
			return fmt.Errorf("storing a new key for %ss: %w", use, err)
		} else {
			r.logger.Info("made a key", "use", string(use), "algorithm", record.Algorithm, "id", record.ID)
		}
		if err := r.replica.WaitFor(ctx, position); err != nil {
			return err
		}
	}
}

func (r *Ring) has(use state.KeyUse, algorithm jws.Algorithm) bool {
	if use == state.KeyForSecrets {
		return r.Secrets() != nil
	}
	return r.Signing(use, algorithm) != nil
}

// Generate makes the next generation of a key, which is used from a moment on.
// It is for the caller to store it.
func (r *Ring) Generate(use state.KeyUse, algorithm jws.Algorithm, from time.Time) (state.SigningKey, error) {
	record := state.SigningKey{
		Use: use, Generation: 1, Algorithm: string(algorithm), Sealed: r.sealer != nil,
		CreatedAt: r.replica.Now().UnixMilli(), SignsFrom: from.UnixMilli(),
	}
	for _, k := range r.replica.Keys() {
		if k.Use == use {
			record.Generation = k.Generation + 1
		}
	}
	key, err := jws.Generate("", algorithm)
	// An id that begins with a hyphen would be taken for a flag on the command
	// line, in the moment when somebody has to kill the key.
	for err == nil && key.Thumbprint()[0] == '-' {
		key, err = jws.Generate("", algorithm)
	}
	if err != nil {
		return record, fmt.Errorf("making a key for %ss: %w", use, err)
	}
	record.ID = key.Thumbprint()
	record.Material, err = key.Marshal()
	if err != nil {
		return record, fmt.Errorf("making a key for %ss: %w", use, err)
	}
	if r.sealer != nil {
		record.Material = r.sealer.seal(record.ID, record.Material)
	}
	return record, nil
}
