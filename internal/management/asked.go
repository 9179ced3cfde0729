package management

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// remember plans that the call's key stands for what was made.
func (p *plan) remember(call Call, op access.Operation, asked any, made string) error {
	if call.Key == "" {
		return nil
	}
	w, err := state.AskedWrite(whose(call), call.Key, state.Asked{Digest: digest(op, asked), Made: made})
	if err != nil {
		return unavailable("writing the record", err)
	}
	p.add(w)
	return nil
}

// askedBefore answers what an earlier call with the same key made.
func (s *Service) askedBefore(ctx context.Context, call Call, op access.Operation, asked any) (made string, err error) {
	if call.Key == "" {
		return "", nil
	}
	if err := checkText("idempotency_key", call.Key); err != nil {
		return "", err
	}
	before, err := s.Records.Asked(ctx, whose(call), call.Key)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return "", nil
	case err != nil:
		return "", unavailable("looking for what was asked before", err)
	case before.Digest != digest(op, asked):
		return "", &Error{
			Code: Exists, Field: "idempotency_key", Message: "the key was used for something else within the last day",
			Hint: "take a new key for every thing that you ask for",
		}
	}
	// What was made may be newer than what is known here.
	if err := s.Replica.CatchUp(ctx); err != nil {
		return "", unavailable("waiting for what was made before", err)
	}
	return before.Made, nil
}

// whose keeps the keys of one actor from being those of another.
func whose(call Call) string { return call.Method + "\x00" + call.Name }

// digest tells one thing that is asked for from another.
func digest(op access.Operation, asked any) [sha256.Size]byte {
	text, err := json.Marshal(asked)
	if err != nil {
		panic(err) // what is asked for came as JSON
	}
	return sha256.Sum256(append([]byte(string(op)+"\x00"), text...))
}
