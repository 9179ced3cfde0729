package jws

import (
	"encoding/json"
	"fmt"
)

// Sign makes a compact JWS of the claims as encoding/json writes them. The
// header names the algorithm, and the type and the key's id unless empty.
func (k *Key) Sign(typ string, claims any) (string, error) {
	if !k.CanSign() {
		return "", fmt.Errorf("key %q: %w", k.id, ErrCannotSign)
	}
	header, err := json.Marshal(struct {
		Alg Algorithm `json:"alg"`
		Typ string    `json:"typ,omitempty"`
		Kid string    `json:"kid,omitempty"`
	}{k.algorithm, typ, k.id})
	if err != nil {
		return "", fmt.Errorf("writing a header: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("writing claims: %w", err)
	}
	input := encode(header) + "." + encode(body)
	signature, err := k.method.Sign(input, k.signing)
	if err != nil {
		return "", fmt.Errorf("signing with key %q: %w", k.id, err)
	}
	compact := input + "." + encode(signature)
	if len(compact) > MaxSize {
		return "", fmt.Errorf("signing with key %q: %d characters came out, which nobody would read: at most %d are wanted", k.id, len(compact), MaxSize)
	}
	return compact, nil
}
