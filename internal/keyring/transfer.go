package keyring

import (
	"fmt"

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
