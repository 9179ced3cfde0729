package management

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const (
	// longestAhead bounds how long before its use a key can be made: it lies
	// about meanwhile.
	longestAhead = 90 * 24 * time.Hour
	// mostSecretKeys is as many generations as a client's record can name.
	mostSecretKeys = 255
)

// Key is how one of the gateway's own keys is shown: never with its material.
type Key struct {
	Use string `json:"use"`
	// Generation counts the keys of one use.
	Generation uint32 `json:"generation"`
	ID         string `json:"id"`
	Algorithm  string `json:"algorithm"`
	// State is next, signing, verifying, revoked or unreadable.
	State string `json:"state"`
	// Published says that it stands in the JWKS.
	Published bool `json:"published"`
	// Sealed says that it is encrypted in the store.
	Sealed    bool      `json:"sealed"`
	CreatedAt time.Time `json:"created_at"`
	// SignsFrom is when it is used for what is new.
	SignsFrom time.Time `json:"signs_from"`
	// DueAt is when it should be replaced, by the habit of a year.
	DueAt time.Time `json:"due_at,omitzero"`
	// EndsAt is when nothing that it signed is valid any more.
	EndsAt time.Time `json:"ends_at,omitzero"`
}

// KeyList are all keys of the gateway's own.
type KeyList struct {
	Keys []Key `json:"keys"`
}

// KeyOrder asks for a new key.
type KeyOrder struct {
	// Use is what it is for: token, statement or secret.
	Use string `json:"use"`
	// InSeconds is how long it is published before it signs; left out, it is as
	// long as others may hold older keys to be all.
	InSeconds *int64 `json:"in_seconds,omitempty"`
}

// Rotation is what came of making a new key.
type Rotation struct {
	Key Key `json:"key"`
	// Applied says that every gateway that reports knows the key.
	Applied bool `json:"applied"`
	// Nodes lists the gateways, and how long each took.
	Nodes []state.NodeState `json:"nodes"`
}

// OwnKeys lists the gateway's own keys, by use, the newest first.
func (s *Service) OwnKeys(who access.Actor) (KeyList, error) {
	if err := begin(who, access.ShowKey); err != nil {
		return KeyList{}, err
	}
	list := KeyList{Keys: []Key{}}
	for _, story := range s.Keys.Stories(s.Signing) {
		list.Keys = append(list.Keys, keyView(story))
	}
	if len(list.Keys) == 0 {
		return list, s.certain("listing the keys")
	}
	return list, nil
}

// RotateKey makes a new key, which every gateway hears of before it signs, and
// waits, within bounds, until they have. The one before stays for what it
// signed.
func (s *Service) RotateKey(ctx context.Context, call Call, order KeyOrder) (Rotation, error) {
	if err := begin(call.Actor, access.RotateKey); err != nil {
		return Rotation{}, err
	}
	use := state.KeyUse(order.Use)
	if !slices.Contains(state.KeyUses, use) {
		return Rotation{}, invalid("use", fmt.Sprintf("got %q, want token, statement or secret", order.Use), "")
	}
	ahead, err := s.ahead(order)
	if err != nil {
		return Rotation{}, err
	}
	tried := fmt.Sprintf("rotating the key of %ss", use)
	var made state.SigningKey
	position, err := s.commitBy(ctx, call.Actor, tried, s.Audit.Commit, func(ctx context.Context, p *plan) error {
		made, err = p.rotate(ctx, use, ahead)
		return err
	})
	if err != nil {
		return Rotation{}, err
	}
	told := s.await(ctx, Revocation{}, position)
	rotation := Rotation{Applied: told.Applied, Nodes: told.Nodes, Key: s.plannedKey(made)}
	for _, story := range s.Keys.Stories(s.Signing) {
		if story.ID == made.ID {
			rotation.Key = keyView(story)
		}
	}
	return rotation, nil
}

func (s *Service) ahead(order KeyOrder) (time.Duration, error) {
	if order.InSeconds == nil {
		return s.Ahead, nil
	}
	if n := *order.InSeconds; n < 0 || n > int64(longestAhead/time.Second) {
		return 0, invalid("in_seconds", fmt.Sprintf("got %d, want 0 to %d", n, int64(longestAhead/time.Second)),
			"a key lies about until it is used")
	}
	return time.Duration(*order.InSeconds) * time.Second, nil
}

// rotate plans the next generation of a key.
func (p *plan) rotate(ctx context.Context, use state.KeyUse, ahead time.Duration) (state.SigningKey, error) {
	s, tried := p.s, fmt.Sprintf("rotating the key of %ss", use)
	role, err := p.allow(access.RotateKey, audit.Target{Kind: "key", ID: string(use)}, access.Resource{}, forbidden(access.RotateKey))
	if err != nil {
		return state.SigningKey{}, err
	}
	if err := s.Keys.Err(); err != nil {
		return state.SigningKey{}, unavailable(tried, err)
	}
	before := keyring.Story{}
	for _, story := range s.Keys.Stories(s.Signing) {
		switch {
		case story.Use != use || story.Algorithm != string(s.Signing[use]):
		case story.Stage == keyring.Next:
			return state.SigningKey{}, &Error{
				Code: Exists, Field: "use", Message: fmt.Sprintf("key %s is next already, and signs from %s", story.ID, story.SignsFrom.Format(time.RFC3339)),
				Hint: "wait for it, or revoke it first",
			}
		case story.Stage == keyring.Signs:
			before = story
		}
		if use == state.KeyForSecrets && story.Use == use && story.Generation >= mostSecretKeys {
			return state.SigningKey{}, invalid("use", fmt.Sprintf("there were %d keys of secrets already", mostSecretKeys), "")
		}
	}
	now, err := s.clock(ctx, tried)
	if err != nil {
		return state.SigningKey{}, err
	}
	made, err := s.Keys.Generate(use, s.Signing[use], now.Add(ahead))
	if err != nil {
		return state.SigningKey{}, unavailable(tried, err)
	}
	w, err := state.SigningKeyWrite(made)
	if err != nil {
		return state.SigningKey{}, unavailable(tried, err)
	}
	p.add(w)
	p.note(access.RotateKey, role, audit.Target{Kind: "key", ID: made.ID}, access.Resource{}, keyBefore(before), s.plannedKey(made))
	return made, nil
}

// plannedKey shows a key of which this gateway may not have heard yet.
func (s *Service) plannedKey(k state.SigningKey) Key {
	return Key{
		Use: string(k.Use), Generation: k.Generation, ID: k.ID, Algorithm: k.Algorithm, State: string(keyring.Next),
		Sealed: k.Sealed, CreatedAt: moment(k.CreatedAt), SignsFrom: moment(k.SignsFrom),
	}
}

// keyBefore is the key whose place is taken, if one is.
func keyBefore(story keyring.Story) any {
	if story.ID == "" {
		return nil
	}
	return keyView(story)
}

func keyView(story keyring.Story) Key {
	return Key{
		Use: string(story.Use), Generation: story.Generation, ID: story.ID, Algorithm: story.Algorithm, State: string(story.Stage),
		Published: story.Published, Sealed: story.Sealed, CreatedAt: story.CreatedAt, SignsFrom: story.SignsFrom,
		DueAt: story.DueAt, EndsAt: story.EndsAt,
	}
}
