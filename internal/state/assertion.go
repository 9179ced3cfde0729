package state

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// assertionPrefix begins the keys that say which client assertions were used.
const assertionPrefix = "j/"

// UseAssertion notes that a client has used the id of an assertion. It returns
// [ErrExists] when it was noted before and is remembered still.
func (r Records) UseAssertion(ctx context.Context, client uuid.UUID, id string, remember time.Duration) error {
	// The client's own id in front, so that nobody can use up another's.
	sum := sha256.Sum256(append(client[:], id...))
	key := assertionPrefix + base64.RawURLEncoding.EncodeToString(sum[:16])
	err := r.Store.Put(ctx, plugins.Write{Key: key, Value: []byte{}, TTL: remember, If: plugins.IfAbsent})
	if errors.Is(err, plugins.ErrConflict) {
		return fmt.Errorf("assertion of client %s: %w", client, ErrExists)
	}
	return err
}
