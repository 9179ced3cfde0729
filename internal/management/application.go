package management

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Spec is what an operator says of a new application.
type Spec struct {
	// ID is given only to take over an application that has one already.
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Version is "1" when left out.
	Version    string `json:"version,omitempty"`
	Programmer string `json:"programmer"`
	// Level is "programmer" when left out.
	Level       string   `json:"level,omitempty"`
	AllChannels bool     `json:"all_channels,omitempty"`
	Channels    []string `json:"channels,omitempty"`
	// All platforms are meant when none is named.
	AllPlatforms  bool     `json:"all_platforms,omitempty"`
	Platforms     []string `json:"platforms,omitempty"`
	Domains       []string `json:"domains,omitempty"`
	CustomSchemes []string `json:"custom_schemes,omitempty"`
	// NewScheme asks for a generated custom scheme. Where a mobile platform is
	// named and no scheme is given, there is one anyway.
	NewScheme  bool     `json:"new_scheme,omitempty"`
	ProxyMVPDs []string `json:"proxy_mvpds,omitempty"`
	Scopes     []string `json:"scopes"`
}

// mobile are the platforms whose apps return to a custom scheme.
var mobile = []string{string(device.IOS), string(device.TVOS), string(device.Android)}

// CreateApplication registers an application, and waits until this gateway
// knows of it.
func (s *Service) CreateApplication(ctx context.Context, spec Spec, by string) (Application, error) {
	a, err := s.build(spec, by)
	if err != nil {
		return Application{}, err
	}
	if _, declared := s.Declared[a.ID]; declared {
		return Application{}, taken(a.ID)
	}
	position, err := s.Records.CreateApplication(ctx, a)
	if errors.Is(err, state.ErrExists) {
		return Application{}, taken(a.ID)
	}
	if err != nil {
		return Application{}, uncertain("creating the application", err)
	}
	// It is stored. Should this gateway lag behind, what the operator does next
	// is told so, and nobody must create it twice.
	waiting, cancel := s.waiting(ctx)
	defer cancel()
	_ = s.Replica.WaitFor(waiting, position)
	return applicationView(a), nil
}

func taken(id uuid.UUID) error {
	return &Error{
		Code: Exists, Field: "id", Message: fmt.Sprintf("application %s exists already", id),
		Hint: "applications never change: leave the id out to create another",
	}
}

// build makes the application that the spec describes.
func (s *Service) build(spec Spec, by string) (*application.Application, error) {
	id, err := newID(spec.ID)
	if err != nil {
		return nil, err
	}
	if err := checkBy(by); err != nil {
		return nil, err
	}
	if len(spec.Scopes) == 0 {
		return nil, invalid("scopes", "got none, want at least one", hints["scopes"])
	}
	scopes, err := scope.New(spec.Scopes...)
	if err != nil {
		return nil, invalid("scopes", err.Error(), hints["scopes"])
	}
	a := &application.Application{
		ID: id, Name: spec.Name, Version: spec.Version, Programmer: spec.Programmer,
		Level: application.Level(spec.Level), AllChannels: spec.AllChannels, Channels: slices.Clone(spec.Channels),
		AllPlatforms: spec.AllPlatforms || len(spec.Platforms) == 0, Platforms: slices.Clone(spec.Platforms),
		Domains: slices.Clone(spec.Domains), CustomSchemes: slices.Clone(spec.CustomSchemes),
		ProxyMVPDs: slices.Clone(spec.ProxyMVPDs), Scopes: scopes,
		CreatedAt: moment(s.Replica.Now().UnixMilli()), CreatedBy: by,
	}
	if a.Version == "" {
		a.Version = "1"
	}
	if err := application.Normalize(a); err != nil {
		return nil, fieldFaults(err)
	}
	if spec.NewScheme || len(a.CustomSchemes) == 0 && slices.ContainsFunc(a.Platforms, isMobile) {
		scheme, err := application.NewCustomScheme(rand.Reader)
		if err != nil {
			return nil, unavailable("creating the application", err)
		}
		a.CustomSchemes = append(a.CustomSchemes, scheme)
	}
	return a, nil
}

func isMobile(platform string) bool { return slices.Contains(mobile, platform) }

func newID(given string) (uuid.UUID, error) {
	if given != "" {
		return ParseID("id", given)
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return uuid.Nil, unavailable("making an id", err)
	}
	return id, nil
}

// Filter picks applications; empty fields pick all.
type Filter struct {
	Programmer string
	// Channel picks those that serve the channel.
	Channel string
}

// Applications lists the applications, by programmer, name and version.
func (s *Service) Applications(filter Filter) (Applications, error) {
	if err := s.certain("listing the applications"); err != nil {
		return Applications{}, err
	}
	all := []Application{}
	add := func(a *application.Application) bool {
		if (filter.Programmer == "" || a.Programmer == filter.Programmer) && (filter.Channel == "" || a.Serves(filter.Channel)) {
			view := applicationView(a)
			view.Revoked = s.stoppedBy(revocation.Subject{ApplicationID: a.ID}) != ""
			all = append(all, view)
		}
		return true
	}
	s.Replica.Applications(func(a *application.Application) bool {
		_, hidden := s.Declared[a.ID]
		return hidden || add(a)
	})
	for _, a := range s.Declared {
		add(a)
	}
	sortApplications(all)
	return Applications{Applications: all}, nil
}

// Application shows an application and, if it was revoked, when and why.
func (s *Service) Application(ctx context.Context, id uuid.UUID) (Application, error) {
	a, err := s.application(id)
	if err != nil {
		return Application{}, err
	}
	return s.showApplication(ctx, a)
}

func (s *Service) showApplication(ctx context.Context, a *application.Application) (Application, error) {
	view := applicationView(a)
	view.Clients = s.clientsOf(a.ID)
	kills, err := s.stops(ctx, revocation.Subject{ApplicationID: a.ID})
	if err != nil {
		return Application{}, err
	}
	if len(kills) > 0 {
		view.Revoked, view.Revocation = true, &kills[0]
	}
	return view, nil
}
