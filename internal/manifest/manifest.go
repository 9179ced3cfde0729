// Package manifest reads the file in which somebody declares what a gateway is
// to have on record.
package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
)

// Manifest is what a file declares. The fields have the names that they have
// in the management API.
type Manifest struct {
	// Name of the manifest, with which what it manages is marked. It stays when
	// the file is moved or renamed.
	Name         string        `json:"name"`
	Programmers  []Programmer  `json:"programmers,omitempty"`
	ProxyMVPDs   []ProxyMVPD   `json:"proxy_mvpds,omitempty"`
	Scopes       []Scope       `json:"scopes,omitempty"`
	Platforms    []Platform    `json:"platforms,omitempty"`
	Applications []Application `json:"applications,omitempty"`
}

// Programmer is a programmer, with channels of its own.
type Programmer struct {
	ID            string    `json:"id"`
	Name          string    `json:"name,omitempty"`
	CustomSchemes []string  `json:"custom_schemes,omitempty"`
	Channels      []Channel `json:"channels,omitempty"`
}

// Channel is a channel of the programmer in which it stands.
type Channel struct {
	ID                 string   `json:"id"`
	Name               string   `json:"name,omitempty"`
	Domains            []string `json:"domains,omitempty"`
	DefaultRedirectURL string   `json:"default_redirect_url,omitempty"`
	CustomSchemes      []string `json:"custom_schemes,omitempty"`
}

// ProxyMVPD is a proxy MVPD.
type ProxyMVPD struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Scope is an entry of the catalogue of scopes.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Restricted  bool   `json:"restricted,omitempty"`
}

// Platform is an entry of the catalogue of platforms.
type Platform struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
}

// Application is one that a file keeps as it says: since applications never
// change, by a new version of it whenever the file says something else.
type Application struct {
	// Key names the application in its manifest, through all its versions.
	Key string `json:"key"`
	// ID is given to take over an application that there is, or to choose the
	// one of the first version.
	ID string `json:"id,omitempty"`
	// Name is the key when left out.
	Name string `json:"name,omitempty"`
	// Version is counted from 1 when left out.
	Version       string   `json:"version,omitempty"`
	Programmer    string   `json:"programmer"`
	Level         string   `json:"level,omitempty"`
	AllChannels   bool     `json:"all_channels,omitempty"`
	Channels      []string `json:"channels,omitempty"`
	Platforms     []string `json:"platforms,omitempty"`
	Domains       []string `json:"domains,omitempty"`
	CustomSchemes []string `json:"custom_schemes,omitempty"`
	ProxyMVPDs    []string `json:"proxy_mvpds,omitempty"`
	Scopes        []string `json:"scopes,omitempty"`
	// Revoked applications are, for good.
	Revoked bool `json:"revoked,omitempty"`
}

// Fault is something that is wrong with a manifest.
type Fault struct {
	// Line of the file; zero where nobody knows it.
	Line int
	// Field is the way to it, such as programmers[0].channels[2].domains.
	Field   string
	Message string
}

func (f Fault) Error() string {
	text := f.Message
	if f.Field != "" {
		text = f.Field + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.Line, text)
	}
	return text
}

// Said is what the file says of the application's content: what makes a new
// version when it changes. Spelling and order that mean nothing are gone.
func (a Application) Said() Application {
	a.Key, a.ID, a.Revoked = "", "", false
	a.Domains = slices.Clone(a.Domains)
	for i, domain := range a.Domains {
		if ascii, err := application.ParseDomain(domain); err == nil {
			a.Domains[i] = ascii
		}
	}
	for _, list := range []*[]string{&a.Channels, &a.Platforms, &a.Domains, &a.CustomSchemes, &a.ProxyMVPDs, &a.Scopes} {
		*list = slices.Compact(slices.Sorted(slices.Values(*list)))
	}
	a.Level = cmp.Or(a.Level, string(application.LevelProgrammer))
	return a
}

// Check says everything that is wrong with the manifest in itself: what is not
// named, or twice. What is wrong with a thing says whoever makes it.
func (m Manifest) Check() []Fault {
	c := checker{}
	if !application.ValidID(m.Name) {
		c.fault("name", fmt.Sprintf("got %q, want a name for the manifest that never changes: 1 to 128 of the characters A-Z a-z 0-9 - . _ ~", m.Name))
	}
	for i, p := range m.Programmers {
		at := fmt.Sprintf("programmers[%d]", i)
		c.once("programmer", at+".id", p.ID)
		for j, ch := range p.Channels {
			c.once("channel", fmt.Sprintf("%s.channels[%d].id", at, j), strings.ToLower(ch.ID))
		}
	}
	for i, x := range m.ProxyMVPDs {
		c.once("proxy MVPD", fmt.Sprintf("proxy_mvpds[%d].id", i), x.ID)
	}
	for i, x := range m.Scopes {
		c.once("scope", fmt.Sprintf("scopes[%d].name", i), x.Name)
	}
	for i, x := range m.Platforms {
		c.once("platform", fmt.Sprintf("platforms[%d].name", i), strings.ToLower(x.Name))
	}
	for i, a := range m.Applications {
		at := fmt.Sprintf("applications[%d]", i)
		if !application.ValidID(a.Key) {
			c.fault(at+".key", fmt.Sprintf("got %q, want what names the application in this file, and never changes: "+
				"1 to 128 of the characters A-Z a-z 0-9 - . _ ~", a.Key))
		}
		c.once("application", at+".key", a.Key)
		if a.ID != "" {
			c.once("application with the id", at+".id", strings.ToLower(a.ID))
		}
	}
	return c.faults
}

type checker struct {
	faults []Fault
	seen   map[string]string
}

func (c *checker) fault(field, message string) {
	c.faults = append(c.faults, Fault{Field: field, Message: message})
}

func (c *checker) once(kind, field, id string) {
	if c.seen == nil {
		c.seen = map[string]string{}
	}
	name := kind + " " + id
	if before, twice := c.seen[name]; twice {
		c.fault(field, fmt.Sprintf("%s is there already, at %s", name, before))
		return
	}
	c.seen[name] = field
}
