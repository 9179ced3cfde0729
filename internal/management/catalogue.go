package management

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ScopeSpec is what a person says of a scope.
type ScopeSpec struct {
	Description string `json:"description,omitempty"`
	// Restricted scopes are given to applications by an operator alone.
	Restricted bool `json:"restricted,omitempty"`
}

// PlatformSpec is what a person says of a platform.
type PlatformSpec struct {
	Description string `json:"description,omitempty"`
	// Aliases are what such devices call their system, model or manufacturer in
	// X-Device-Info, without regard to case, spaces, hyphens and a number behind.
	Aliases []string `json:"aliases,omitempty"`
}

var scopes = kind[roster.Scope, ScopeSpec, Scope]{
	word: "scope",
	show: access.ShowCatalogue, create: access.ExtendCatalogue, update: access.UpdateCatalogue, remove: access.ReduceCatalogue,
	key: state.ScopeKey, name: func(name string) string { return name },
	staged: func(p *plan) staged[roster.Scope] { return p.scopes }, stored: (*state.Replica).Scopes,
	declared: func(*Service, string) (roster.Scope, bool) { return roster.Scope{}, false },
	encode:   state.EncodeScope,
	made:     func(name string) roster.Scope { return roster.Scope{Name: name} },
	story:    func(sc *roster.Scope) *roster.Story { return &sc.Story },
	of:       func(roster.Scope) access.Resource { return access.Resource{Common: true} },
	fill: func(_ *plan, old roster.Scope, spec ScopeSpec) (roster.Scope, error) {
		sc := roster.Scope{Name: old.Name, Description: spec.Description, Restricted: spec.Restricted}
		return sc, normalized(sc.Normalize())
	},
	view: func(_ *Service, sc roster.Scope, version string) Scope {
		return Scope{Name: sc.Name, Description: sc.Description, Restricted: sc.Restricted, Story: storyView(sc.Story, version)}
	},
}

var platforms = kind[roster.Platform, PlatformSpec, Platform]{
	word: "platform",
	show: access.ShowCatalogue, create: access.ExtendCatalogue, update: access.UpdateCatalogue, remove: access.ReduceCatalogue,
	key: state.PlatformKey, name: strings.ToLower,
	staged: func(p *plan) staged[roster.Platform] { return p.platforms }, stored: (*state.Replica).Platforms,
	declared: func(*Service, string) (roster.Platform, bool) { return roster.Platform{}, false },
	encode:   state.EncodePlatform,
	made:     func(name string) roster.Platform { return roster.Platform{Name: name} },
	story:    func(f *roster.Platform) *roster.Story { return &f.Story },
	of:       func(roster.Platform) access.Resource { return access.Resource{Common: true} },
	fill: func(p *plan, old roster.Platform, spec PlatformSpec) (roster.Platform, error) {
		f := roster.Platform{Name: old.Name, Description: spec.Description, Aliases: slices.Clone(spec.Aliases)}
		if err := normalized(f.Normalize()); err != nil {
			return f, err
		}
		return f, p.distinct(f)
	},
	view: func(_ *Service, f roster.Platform, version string) Platform {
		return Platform{Name: f.Name, Aliases: clone(f.Aliases), Description: f.Description, Story: storyView(f.Story, version)}
	},
	free: func(p *plan, record roster.Platform) error {
		if a := p.living(func(a *application.Application) bool { return slices.Contains(a.Platforms, record.Name) }); a != nil {
			return inUse("platform", record.Name, fmt.Sprintf("application %s names it", a.ID), "revoke the applications that name it")
		}
		return nil
	},
}

// AddScope puts a scope into the catalogue. One of the built-in scopes gets
// another description, or becomes restricted, by an entry of its name.
func (s *Service) AddScope(ctx context.Context, call Call, name string, spec ScopeSpec) (Scope, error) {
	return scopes.doCreate(ctx, s, call, name, spec)
}

// UpdateScope changes a scope's entry in the catalogue.
func (s *Service) UpdateScope(ctx context.Context, call Call, name string, spec ScopeSpec) (Scope, error) {
	return scopes.doUpdate(ctx, s, call, name, spec)
}

// RemoveScope takes an entry out of the catalogue. Applications that have the
// scope keep it.
func (s *Service) RemoveScope(ctx context.Context, call Call, name string) error {
	return scopes.doDelete(ctx, s, call, name)
}

// AddPlatform puts a platform into the catalogue.
func (s *Service) AddPlatform(ctx context.Context, call Call, name string, spec PlatformSpec) (Platform, error) {
	return platforms.doCreate(ctx, s, call, name, spec)
}

// UpdatePlatform changes a platform's entry in the catalogue.
func (s *Service) UpdatePlatform(ctx context.Context, call Call, name string, spec PlatformSpec) (Platform, error) {
	return platforms.doUpdate(ctx, s, call, name, spec)
}

// RemovePlatform takes an entry out of the catalogue. Devices that registered
// as such keep the name.
func (s *Service) RemovePlatform(ctx context.Context, call Call, name string) error {
	return platforms.doDelete(ctx, s, call, name)
}

// Scopes lists the catalogue of scopes, by name.
func (s *Service) Scopes(who access.Actor, part Part) (Scopes, error) {
	if err := s.beginCatalogue(who); err != nil {
		return Scopes{}, err
	}
	all := map[string]Scope{}
	for _, sc := range roster.BuiltInScopes {
		all[sc.Name] = Scope{Name: sc.Name, Description: sc.Description, Restricted: sc.Restricted, BuiltIn: true}
	}
	for name, held := range s.Replica.Scopes() {
		all[name] = scopes.view(s, held.Record, held.Version())
	}
	list, cursor, err := cut(visible(all, func(Scope) bool { return true }), func(sc Scope) []string { return []string{sc.Name} }, part)
	return Scopes{Scopes: list, Cursor: cursor}, err
}

// Platforms lists the catalogue of platforms, by name.
func (s *Service) Platforms(who access.Actor, part Part) (Platforms, error) {
	if err := s.beginCatalogue(who); err != nil {
		return Platforms{}, err
	}
	all := map[string]Platform{}
	for _, platform := range device.Platforms {
		all[strings.ToLower(string(platform))] = Platform{Name: string(platform), Aliases: []string{}, BuiltIn: true}
	}
	for name, held := range s.Replica.Platforms() {
		all[name] = platforms.view(s, held.Record, held.Version())
	}
	list, cursor, err := cut(visible(all, func(Platform) bool { return true }),
		func(f Platform) []string { return []string{strings.ToLower(f.Name)} }, part)
	return Platforms{Platforms: list, Cursor: cursor}, err
}

func (s *Service) beginCatalogue(who access.Actor) error {
	if err := begin(who, access.ShowCatalogue); err != nil {
		return err
	}
	return s.certain("reading the catalogue")
}

// scope finds a scope's entry, as the plan leaves it.
func (p *plan) scope(name string) (roster.Scope, bool) {
	if held, found := scopes.find(p, name); found {
		return held.Record, true
	}
	i := slices.IndexFunc(roster.BuiltInScopes, func(sc roster.Scope) bool { return sc.Name == name })
	if i < 0 {
		return roster.Scope{}, false
	}
	return roster.BuiltInScopes[i], true
}

// Scope shows a scope of the catalogue.
func (s *Service) Scope(who access.Actor, name string) (Scope, error) {
	all, err := s.Scopes(who, Part{})
	if err != nil {
		return Scope{}, err
	}
	i := slices.IndexFunc(all.Scopes, func(sc Scope) bool { return sc.Name == name })
	if i < 0 {
		return Scope{}, scopes.notThere(name)
	}
	return all.Scopes[i], nil
}

// Platform shows a platform of the catalogue, by its name in any spelling.
func (s *Service) Platform(who access.Actor, name string) (Platform, error) {
	all, err := s.Platforms(who, Part{})
	if err != nil {
		return Platform{}, err
	}
	i := slices.IndexFunc(all.Platforms, func(f Platform) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return Platform{}, platforms.notThere(name)
	}
	return all.Platforms[i], nil
}
