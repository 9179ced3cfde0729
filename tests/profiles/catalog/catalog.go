// Package catalog is the profile of our catalogue.
package catalog

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() { caddy.RegisterModule(new(Profile)) }

// Profile protects the catalogue. It has no options.
type Profile struct{}

// CaddyModule returns the Caddy module information.
func (*Profile) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "dcr.profiles.catalog",
		New: func() caddy.Module { return new(Profile) },
	}
}

// API describes the catalogue.
func (*Profile) API() plugins.API {
	return plugins.API{
		Name:     "catalog",
		Title:    "Catalogue",
		Prefixes: []string{"/catalog/"},
		Errors:   plugins.OAuthJSON,
		Routes: []plugins.Route{{
			Methods:  []string{http.MethodGet},
			Path:     "/catalog/{channel}/titles",
			Scopes:   []string{"catalog:read"},
			Entitled: []plugins.Location{{In: plugins.InPath, Name: "channel", Names: plugins.NamesChannel}},
		}},
	}
}

var _ plugins.Profile = (*Profile)(nil)
