package management

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
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
	// Predecessor is the application of which this is a new version. What is
	// left out of the new one is as in the old one.
	Predecessor string `json:"predecessor,omitempty"`
}

// CreateApplication registers an application, or, with a predecessor, a new
// version of one.
func (s *Service) CreateApplication(ctx context.Context, call Call, spec Spec) (view Application, err error) {
	if err := begin(call.Actor, access.CreateApplication); err != nil {
		return Application{}, err
	}
	err = s.commit(ctx, call.Actor, "creating the application", func(ctx context.Context, p *plan) (err error) {
		view, err = p.createApplication(ctx, call, spec)
		return err
	})
	return view, err
}

// createApplication plans it.
func (p *plan) createApplication(ctx context.Context, call Call, spec Spec) (Application, error) {
	made, err := p.s.askedBefore(ctx, call, access.CreateApplication, spec)
	if err != nil {
		return Application{}, err
	}
	if id, err := uuid.Parse(made); err == nil {
		a, err := p.s.application(id)
		if err != nil {
			return Application{}, err
		}
		return p.s.showApplication(ctx, p.who, a)
	}
	asked := spec
	if spec, err = p.succeed(spec); err != nil {
		return Application{}, err
	}
	role, err := p.allowApplication(&spec)
	if err != nil {
		return Application{}, err
	}
	a, err := p.build(spec)
	if err != nil {
		return Application{}, err
	}
	if p.taken(a.ID) {
		return Application{}, taken(a.ID)
	}
	a.Mark(p.origins[a.ID])
	w, err := state.ApplicationWrite(a)
	if err != nil {
		return Application{}, unavailable("writing the record", err)
	}
	p.add(w)
	p.applications[a.ID] = a
	view := applicationView(a)
	p.note(access.CreateApplication, role, audit.Target{Kind: "application", ID: a.ID.String()}, resourceOf(a), nil, view)
	return view, p.remember(call, access.CreateApplication, asked, a.ID.String())
}

func (p *plan) taken(id uuid.UUID) bool {
	if _, declared := p.s.Declared[id]; declared {
		return true
	}
	_, stored := p.s.Replica.Application(id)
	_, planned := p.applications[id]
	return stored || planned
}

func taken(id uuid.UUID) error {
	return &Error{
		Code: Exists, Field: "id", Message: fmt.Sprintf("application %s exists already", id),
		Hint: "applications never change: leave the id out to create another",
	}
}

// build makes the application that the spec describes.
func (p *plan) build(spec Spec) (*application.Application, error) {
	id, err := newID(spec.ID)
	if err != nil {
		return nil, err
	}
	if len(spec.Scopes) == 0 {
		return nil, invalid("scopes", "got none, want at least one", hints["scopes"])
	}
	scopes, err := scope.New(spec.Scopes...)
	if err != nil {
		return nil, invalid("scopes", err.Error(), hints["scopes"])
	}
	predecessor, _ := uuid.Parse(spec.Predecessor)
	a := &application.Application{
		ID: id, Name: spec.Name, Version: spec.Version, Programmer: spec.Programmer,
		Level: application.Level(spec.Level), AllChannels: spec.AllChannels, Channels: slices.Clone(spec.Channels),
		AllPlatforms: spec.AllPlatforms || len(spec.Platforms) == 0, Platforms: slices.Clone(spec.Platforms),
		Domains: slices.Clone(spec.Domains), CustomSchemes: slices.Clone(spec.CustomSchemes),
		ProxyMVPDs: slices.Clone(spec.ProxyMVPDs), Scopes: scopes, Predecessor: predecessor,
		CreatedAt: moment(p.now.UnixMilli()), CreatedBy: p.who.Name,
	}
	if a.Version == "" {
		a.Version = "1"
	}
	if err := application.Normalize(a, p.catalogue()); err != nil {
		return nil, fieldFaults(err)
	}
	if err := p.checkOwners(a); err != nil {
		return nil, err
	}
	p.inherit(a)
	wanted := spec.NewScheme || len(a.CustomSchemes) == 0 && roster.NamesMobile(a)
	return a, addScheme(&a.CustomSchemes, wanted)
}

// addScheme generates a custom scheme, if one is wanted.
func addScheme(schemes *[]string, wanted bool) error {
	if !wanted {
		return nil
	}
	scheme, err := application.NewCustomScheme(rand.Reader)
	if err != nil {
		return unavailable("generating a custom scheme", err)
	}
	*schemes = append(*schemes, scheme)
	return nil
}

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
