// Package roster is whom and what applications are registered for:
// programmers with their channels, proxy MVPDs, scopes and platforms.
//
// All of it is optional. An application names its programmer and its channels,
// and whoever never makes a record of one never needs one. The numbers in the
// tags are how the records are stored; they never change their meaning.
package roster

// Story is who made a thing and who changed it last, in Unix milliseconds by
// the store's clock.
type Story struct {
	CreatedAt int64  `cbor:"20,keyasint,omitempty"`
	CreatedBy string `cbor:"21,keyasint,omitempty"`
	UpdatedAt int64  `cbor:"22,keyasint,omitempty"`
	UpdatedBy string `cbor:"23,keyasint,omitempty"`
	// ManagedBy names the manifest that the thing belongs to, if one does: it
	// is changed by applying that, and nowhere else.
	ManagedBy string `cbor:"24,keyasint,omitempty"`
	// Declared says that a configuration file owns the thing; no such thing is
	// ever stored.
	Declared bool `cbor:"-"`
}

// Programmer is a media company.
type Programmer struct {
	ID   string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
	// CustomSchemes are inherited by every new application of the programmer
	// that can use one.
	CustomSchemes []string `cbor:"3,keyasint,omitempty"`
	Story
}

// Channel is one brand of a programmer. Its id is a name in which all
// programmers share: two channels never have one that differs in case alone,
// since backends may not tell them apart.
type Channel struct {
	ID         string `cbor:"1,keyasint"`
	Programmer string `cbor:"2,keyasint"`
	Name       string `cbor:"3,keyasint"`
	// Domains are inherited by new applications that name the channel and no
	// domain.
	Domains []string `cbor:"4,keyasint,omitempty"`
	// DefaultRedirectURL is where to send a viewer when nothing else says so.
	DefaultRedirectURL string `cbor:"5,keyasint,omitempty"`
	// CustomSchemes are inherited by new applications that name the channel
	// and can use one.
	CustomSchemes []string `cbor:"6,keyasint,omitempty"`
	Story
}

// ProxyMVPD is a TV provider that stands in for others.
type ProxyMVPD struct {
	ID   string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
	Story
}

// Scope is an entry of the catalogue of scopes.
type Scope struct {
	Name        string `cbor:"1,keyasint"`
	Description string `cbor:"2,keyasint,omitempty"`
	// Restricted scopes are given to applications by an operator alone.
	Restricted bool `cbor:"3,keyasint,omitempty"`
	Story
}

// Platform is an entry of the catalogue of platforms: a kind of device beyond
// those that the gateway knows by itself.
type Platform struct {
	Name string `cbor:"1,keyasint"`
	// Aliases are what such devices call themselves: the name of their system,
	// their model or their manufacturer.
	Aliases     []string `cbor:"2,keyasint,omitempty"`
	Description string   `cbor:"3,keyasint,omitempty"`
	Story
}
