// Package revocation decides what a kill switch stops.
package revocation

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what a kill switch can be thrown on.
type Kind string

const (
	Token       Kind = "token"
	Client      Kind = "client"
	Statement   Kind = "statement"
	Application Kind = "application"
	Platform    Kind = "platform"
	Channel     Kind = "channel"
	Issuer      Kind = "issuer"
	Key         Kind = "key"
)

// Kinds lists every kind, from the narrowest to the widest.
var Kinds = []Kind{Token, Client, Statement, Application, Platform, Channel, Issuer, Key}

// ParseKind reads a kind as a person writes it.
func ParseKind(text string) (Kind, error) {
	kind := Kind(text)
	if !slices.Contains(Kinds, kind) {
		names := make([]string, len(Kinds))
		for i, k := range Kinds {
			names[i] = string(k)
		}
		return "", fmt.Errorf("kind: got %q, want one of %s", text, strings.Join(names, ", "))
	}
	return kind, nil
}
