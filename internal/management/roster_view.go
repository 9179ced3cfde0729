package management

import (
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

// Story is who made a thing, and who changed it last.
type Story struct {
	CreatedAt time.Time `json:"created_at,omitzero"`
	CreatedBy string    `json:"created_by,omitempty"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	// Declared things belong to the configuration, and are changed there.
	Declared bool `json:"declared,omitempty"`
	// ManagedBy names the manifest that the thing belongs to, if one does; it is
	// changed by applying that.
	ManagedBy string `json:"managed_by,omitempty"`
	// Version names this state of the thing, for whoever wants to change
	// exactly that.
	Version string `json:"version,omitempty"`
}

func storyView(s roster.Story, version string) Story {
	if s.Declared {
		version = ""
	}
	return Story{
		CreatedAt: moment(s.CreatedAt), CreatedBy: s.CreatedBy, UpdatedAt: moment(s.UpdatedAt), UpdatedBy: s.UpdatedBy,
		Declared: s.Declared, ManagedBy: s.ManagedBy, Version: version,
	}
}

// Programmer is how a programmer is shown.
type Programmer struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	CustomSchemes []string `json:"custom_schemes"`
	// Implied programmers have no record: applications name them, and that is
	// all there is of them.
	Implied bool `json:"implied,omitempty"`
	Story
}

// Programmers is a part of a list; the cursor is empty when it was the last.
type Programmers struct {
	Programmers []Programmer `json:"programmers"`
	Cursor      string       `json:"cursor,omitempty"`
}

// Channel is how a channel is shown.
type Channel struct {
	ID                 string   `json:"id"`
	Programmer         string   `json:"programmer"`
	Name               string   `json:"name"`
	Domains            []string `json:"domains"`
	DefaultRedirectURL string   `json:"default_redirect_url,omitempty"`
	CustomSchemes      []string `json:"custom_schemes"`
	// InheritedSchemes are those of its programmer.
	InheritedSchemes []string `json:"inherited_schemes"`
	// Implied channels have no record, as with programmers.
	Implied bool `json:"implied,omitempty"`
	Story
}

// Channels is a part of a list; the cursor is empty when it was the last.
type Channels struct {
	Channels []Channel `json:"channels"`
	Cursor   string    `json:"cursor,omitempty"`
}

// ProxyMVPD is how a proxy MVPD is shown.
type ProxyMVPD struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Implied proxy MVPDs have no record, as with programmers.
	Implied bool `json:"implied,omitempty"`
	Story
}

// ProxyMVPDs is a part of a list; the cursor is empty when it was the last.
type ProxyMVPDs struct {
	ProxyMVPDs []ProxyMVPD `json:"proxy_mvpds"`
	Cursor     string      `json:"cursor,omitempty"`
}

// Scope is how an entry of the catalogue of scopes is shown.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Restricted scopes are given to applications by an operator alone.
	Restricted bool `json:"restricted,omitempty"`
	// BuiltIn entries are there without a record.
	BuiltIn bool `json:"built_in,omitempty"`
	Story
}

// Scopes is a part of the catalogue; the cursor is empty when it was the last.
type Scopes struct {
	Scopes []Scope `json:"scopes"`
	Cursor string  `json:"cursor,omitempty"`
}

// Platform is how an entry of the catalogue of platforms is shown.
type Platform struct {
	Name        string   `json:"name"`
	Aliases     []string `json:"aliases"`
	Description string   `json:"description,omitempty"`
	// BuiltIn entries are those that the gateway knows by itself.
	BuiltIn bool `json:"built_in,omitempty"`
	Story
}

// Platforms is a part of the catalogue; the cursor is empty when it was the last.
type Platforms struct {
	Platforms []Platform `json:"platforms"`
	Cursor    string     `json:"cursor,omitempty"`
}
