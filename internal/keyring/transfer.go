package keyring

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Revealed gives the keys that the ring holds with their material in the clear,
// for whoever encrypts it at once for somebody else. It fails where one cannot
// be read, since what is left out would be lost.
func (r *Ring) Revealed() ([]state.SigningKey, error) {
	if err := r.Err(); err != nil {
		return nil, err
	}
	records := r.replica.Keys()
	revealed := make([]state.SigningKey, len(records))
	for i, record := range records {
		if record.Sealed {
			material, err := r.sealer.unseal(record.ID, record.Material)
			if err != nil {
				return nil, fmt.Errorf("key %s: %w", record.ID, err)
			}
			record.Material, record.Sealed = material, false
		}
		revealed[i] = record
	}
	return revealed, nil
}

// Sealed is the stored form of a key that is revealed.
func (r *Ring) Sealed(record state.SigningKey) state.SigningKey {
	if r.sealer != nil {
		record.Material, record.Sealed = r.sealer.seal(record.ID, record.Material), true
	}
	return record
}

// CheckRevealed says what is wrong with keys that were revealed elsewhere, before
// they take the place of others: one that cannot be used would take what it is
// for away. It names the key and the field of it that is at fault.
func CheckRevealed(records []state.SigningKey) error {
	for i := range records {
		field, err := checkRevealed(&records[i])
		if err == nil {
			field, err = distinct(&records[i], records[:i])
		}
		if err != nil {
			return fmt.Errorf("keys[%d].%s: %w", i, field, err)
		}
	}
	return nil
}

func checkRevealed(k *state.SigningKey) (field string, err error) {
	highest := uint32(math.MaxUint32)
	if k.Use == state.KeyForSecrets {
		highest = math.MaxUint8 // as many as the record of a client can name
	}
	switch {
	case !slices.Contains(state.KeyUses, k.Use):
		return "Use", fmt.Errorf("got %q, want one of %v", k.Use, state.KeyUses)
	case k.Generation == 0 || k.Generation > highest:
		return "Generation", fmt.Errorf("got %d, want 1 to %d", k.Generation, highest)
	case k.Sealed:
		return "Sealed", errors.New("it is encrypted for one gateway alone, want its material in the clear")
	case k.CreatedAt <= 0:
		return "CreatedAt", fmt.Errorf("got %d, want Unix milliseconds", k.CreatedAt)
	case k.SignsFrom <= 0:
		return "SignsFrom", fmt.Errorf("got %d, want Unix milliseconds", k.SignsFrom)
	}
	algorithm, err := jws.ParseAlgorithm(k.Algorithm)
	if err != nil {
		return "Algorithm", errors.New(strings.TrimPrefix(err.Error(), "algorithm: "))
	}
	if k.Use == state.KeyForSecrets && !algorithm.Symmetric() {
		return "Algorithm", fmt.Errorf("got %s, which is for no secret", algorithm)
	}
	key, err := jws.Unmarshal(k.ID, algorithm, k.Material)
	if err != nil {
		return "Material", err
	}
	if k.ID != key.Thumbprint() {
		return "ID", fmt.Errorf("got %q, but the material is that of %s", k.ID, key.Thumbprint())
	}
	return "", nil
}

// distinct keeps one key from having two uses, and one generation two keys.
func distinct(k *state.SigningKey, before []state.SigningKey) (field string, err error) {
	for i, other := range before {
		switch {
		case k.ID == other.ID:
			return "ID", fmt.Errorf("keys[%d] is the same key", i)
		case k.Use == other.Use && k.Generation == other.Generation:
			return "Generation", fmt.Errorf("keys[%d] is generation %d for %ss already", i, k.Generation, k.Use)
		}
	}
	return "", nil
}
