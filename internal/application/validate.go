package application

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
)

// Bounds that keep a record small enough to be replicated by the hundred
// thousand and an application's checks cheap.
const (
	maxText = 200
	maxID   = 128
	maxList = 4096
)

// Normalize puts what a person wrote into the form that is compared later:
// type and level get their defaults, platforms their canonical names, domains
// their lower-case ASCII form (IDNA). It then validates. The catalogue has the
// platforms that there are besides those that the gateway knows by itself.
func Normalize(a *Application, catalogue device.Catalogue) error {
	if a.Type == "" {
		a.Type = TypeDirect
	}
	if a.Level == "" {
		a.Level = LevelProgrammer
	}
	var faults []error
	for i, text := range a.Platforms {
		platform, err := catalogue.Parse(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("platforms[%d]: %w", i, err))
			continue
		}
		a.Platforms[i] = string(platform)
	}
	for i, text := range a.Domains {
		domain, err := ParseDomain(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("domains[%d]: %w", i, err))
			continue
		}
		a.Domains[i] = domain
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	return Validate(a, catalogue)
}

// Validate says everything that is wrong with the application: each fault
// names the field, what it got and what it wants. It changes nothing and
// demands the form that [Normalize] gives.
func Validate(a *Application, catalogue device.Catalogue) error {
	var c check
	if a.ID == uuid.Nil {
		c.fault("id", "", "a UUID")
	}
	c.text("name", a.Name)
	c.text("version", a.Version)
	c.id("programmer", a.Programmer)
	if a.Type != TypeDirect {
		c.fault("type", a.Type, TypeDirect)
	}
	c.channels(a)
	c.platforms(a, catalogue)
	c.list("domains", a.Domains, func(field, domain string) {
		switch canonical, err := ParseDomain(domain); {
		case err != nil:
			c.faults = append(c.faults, fmt.Errorf("%s: %w", field, err))
		case canonical != domain:
			c.fault(field, domain, fmt.Sprintf("%q", canonical))
		}
	})
	c.list("custom_schemes", a.CustomSchemes, func(field, scheme string) {
		if !ValidCustomScheme(scheme) {
			c.fault(field, scheme, "a private-use URI scheme with a period in it (RFC 3986 section 3.1, RFC 8252 section 8.4)")
		}
	})
	c.list("proxy_mvpds", a.ProxyMVPDs, c.id)
	return errors.Join(c.faults...)
}

// check collects faults.
type check struct{ faults []error }

func (c *check) fault(field, got, want string) {
	c.faults = append(c.faults, fmt.Errorf("%s: got %q, want %s", field, got, want))
}

// text is what people read: a name, a version.
func (c *check) text(field, value string) {
	switch {
	case strings.TrimSpace(value) == "":
		c.fault(field, value, "some text")
	case len(value) > maxText:
		c.fault(field, value[:32]+"...", fmt.Sprintf("at most %d bytes", maxText))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		c.fault(field, value, "printable text")
	}
}

// ValidID says whether the text can be the id of a programmer, a channel or a
// proxy MVPD. Ids stand in paths, headers and metrics without any escaping, so
// only the unreserved characters of RFC 3986 section 2.3 are let in.
func ValidID(text string) bool {
	if text == "" || len(text) > maxID || text == "." || text == ".." {
		return false
	}
	for _, b := range []byte(text) {
		if !isAlphanumeric(b) && strings.IndexByte("-._~", b) < 0 {
			return false
		}
	}
	return true
}

func (c *check) id(field, value string) {
	const want = "1 to 128 of the characters A-Z a-z 0-9 - . _ ~"
	if !ValidID(value) {
		c.fault(field, value, want)
	}
}

func (c *check) channels(a *Application) {
	c.list("channels", a.Channels, c.id)
	switch a.Level {
	case LevelProgrammer:
		if a.AllChannels == (len(a.Channels) > 0) {
			c.fault("channels", describe(a.AllChannels, a.Channels), "all channels of the programmer, or a list of at least one, and not both")
		}
	case LevelChannel:
		if a.AllChannels || len(a.Channels) != 1 {
			c.fault("channels", describe(a.AllChannels, a.Channels), "exactly one, because the application was created at channel level")
		}
	default:
		c.fault("level", string(a.Level), fmt.Sprintf("%s or %s", LevelProgrammer, LevelChannel))
	}
}

func (c *check) platforms(a *Application, catalogue device.Catalogue) {
	if a.AllPlatforms == (len(a.Platforms) > 0) {
		c.fault("platforms", describe(a.AllPlatforms, a.Platforms), "all platforms, or a list of at least one, and not both")
	}
	c.list("platforms", a.Platforms, func(field, text string) {
		switch platform, err := catalogue.Parse(text); {
		case err != nil:
			c.faults = append(c.faults, fmt.Errorf("%s: %w", field, err))
		case string(platform) != text:
			c.fault(field, text, fmt.Sprintf("%q", platform))
		}
	})
}

// list checks each value, and that none stands there twice.
func (c *check) list(field string, values []string, each func(field, value string)) {
	if len(values) > maxList {
		c.fault(field, fmt.Sprintf("%d values", len(values)), fmt.Sprintf("at most %d", maxList))
		return
	}
	for i, value := range values {
		each(fmt.Sprintf("%s[%d]", field, i), value)
	}
	sorted := slices.Sorted(slices.Values(values))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			c.fault(field, sorted[i]+" twice", "each value once")
		}
	}
}

func describe(all bool, values []string) string {
	text := strings.Join(values, " ")
	if all {
		text = strings.TrimSpace("all " + text)
	}
	return text
}
