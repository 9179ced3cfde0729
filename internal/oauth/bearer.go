package oauth

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

// Presented is an access token that was presented and found good.
type Presented struct {
	TokenID, ClientID, ApplicationID uuid.UUID
	Scope                            scope.Set
	IssuedAt, ExpiresAt              time.Time
}

// ScopesResponse says which scopes a client may ask for.
type ScopesResponse struct {
	Scopes []string `json:"scopes"`
	Scope  string   `json:"scope"`
}

// Scopes answers for the client of a good token, which may itself have fewer.
// The error is a fault of ours.
func (s *Service) Scopes(p Presented) (ScopesResponse, error) {
	app, err := s.application(p)
	if err != nil {
		return ScopesResponse{}, err
	}
	return ScopesResponse{Scopes: list(app.Scopes.Values()), Scope: app.Scopes.String()}, nil
}

// ValidateResponse says what a token is good for. Its members are those of RFC
// 7662 where that has a name for them.
type ValidateResponse struct {
	Active        bool   `json:"active"`
	ID            string `json:"id"`
	ClientID      string `json:"client_id"`
	ApplicationID string `json:"application_id"`
	Programmer    string `json:"programmer"`
	// AllChannels stands for every channel of the programmer; Channels lists
	// them otherwise.
	AllChannels bool     `json:"all_channels"`
	Channels    []string `json:"channels"`
	Scopes      []string `json:"scopes"`
	Scope       string   `json:"scope"`
	// The times are in seconds.
	IssuedAt  int64 `json:"iat"`
	ExpiresAt int64 `json:"exp"`
}

// Validate answers for a good token. The error is a fault of ours.
func (s *Service) Validate(p Presented) (ValidateResponse, error) {
	app, err := s.application(p)
	if err != nil {
		return ValidateResponse{}, err
	}
	return ValidateResponse{
		Active: true, ID: p.TokenID.String(), ClientID: p.ClientID.String(), ApplicationID: app.ID.String(),
		Programmer: app.Programmer, AllChannels: app.AllChannels, Channels: list(app.Channels),
		Scopes: list(p.Scope.Values()), Scope: p.Scope.String(),
		IssuedAt: p.IssuedAt.Unix(), ExpiresAt: p.ExpiresAt.Unix(),
	}, nil
}

func (s *Service) application(p Presented) (*application.Application, error) {
	app, found := s.State.Application(p.ApplicationID)
	if !found {
		return nil, fmt.Errorf("the application %s of token %s is missing", p.ApplicationID, p.TokenID)
	}
	return app, nil
}

// list is never null in JSON: clients read an array.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
