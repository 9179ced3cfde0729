package roster

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

// Bounds that keep what every gateway replicates small.
const (
	maxText = 200
	maxList = 200
	maxURL  = 2048
)

// Normalize puts what a person wrote into the form that is stored, and says
// everything that is wrong with it; each fault begins with its field.
func (p *Programmer) Normalize() error {
	var c check
	c.id("id", p.ID)
	p.Name = c.name(p.Name, p.ID)
	c.schemes(p.CustomSchemes)
	return errors.Join(c...)
}

// Normalize is that of [Programmer.Normalize].
func (ch *Channel) Normalize() error {
	var c check
	c.id("id", ch.ID)
	c.id("programmer", ch.Programmer)
	ch.Name = c.name(ch.Name, ch.ID)
	for i, text := range ch.Domains {
		domain, err := application.ParseDomain(text)
		if err != nil {
			c = append(c, fmt.Errorf("domains[%d]: %w", i, err))
			continue
		}
		ch.Domains[i] = domain
	}
	c.list("domains", ch.Domains)
	c.schemes(ch.CustomSchemes)
	c.redirect(ch)
	return errors.Join(c...)
}

// Normalize is that of [Programmer.Normalize].
func (m *ProxyMVPD) Normalize() error {
	var c check
	c.id("id", m.ID)
	m.Name = c.name(m.Name, m.ID)
	return errors.Join(c...)
}

// Normalize is that of [Programmer.Normalize].
func (s *Scope) Normalize() error {
	var c check
	if set, err := scope.New(s.Name); err != nil || len(set.Values()) != 1 {
		c.fault("name", s.Name, "one scope value (RFC 6749 section 3.3)")
	} else if len(s.Name) > maxText {
		c.fault("name", s.Name[:32]+"...", fmt.Sprintf("at most %d bytes", maxText))
	}
	s.Description = c.text("description", s.Description)
	return errors.Join(c...)
}

// Normalize is that of [Programmer.Normalize]. The platforms that the gateway
// knows by itself keep their meaning.
func (p *Platform) Normalize() error {
	var c check
	c.id("name", p.Name)
	p.Description = c.text("description", p.Description)
	c.list("aliases", p.Aliases)
	c.newPlatform("name", p.Name)
	for i, alias := range p.Aliases {
		field := fmt.Sprintf("aliases[%d]", i)
		if p.Aliases[i] = c.text(field, alias); p.Aliases[i] == "" {
			c.fault(field, alias, "some text")
		}
		c.newPlatform(field, alias)
	}
	return errors.Join(c...)
}

// check collects faults.
type check []error

func (c *check) fault(field, got, want string) {
	*c = append(*c, fmt.Errorf("%s: got %q, want %s", field, got, want))
}

func (c *check) id(field, value string) {
	if !application.ValidID(value) {
		c.fault(field, value, "1 to 128 of the characters A-Z a-z 0-9 - . _ ~")
	}
}

// text is what people read. It may be empty where nobody has to write it.
func (c *check) text(field, value string) string {
	value = strings.TrimSpace(value)
	switch {
	case len(value) > maxText:
		c.fault(field, value[:32]+"...", fmt.Sprintf("at most %d bytes", maxText))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		c.fault(field, value, "printable text on one line")
	}
	return value
}

// name is what people read of a thing that nobody has named: its id.
func (c *check) name(value, id string) string { return cmp.Or(c.text("name", value), id) }

// newPlatform wants a name by which a device can be recognised, and that is
// not another platform's already.
func (c *check) newPlatform(field, text string) {
	if text != "" && !device.Comparable(text) {
		c.fault(field, text, "a name with a letter or a digit of ASCII, since others are not compared")
	}
	if known, err := device.ParsePlatform(text); err == nil {
		c.fault(field, text, fmt.Sprintf("a name that does not mean %s already", known))
	}
}

func (c *check) schemes(schemes []string) {
	c.list("custom_schemes", schemes)
	for i, scheme := range schemes {
		if !application.ValidCustomScheme(scheme) {
			c.fault(fmt.Sprintf("custom_schemes[%d]", i), scheme, "a private-use URI scheme with a period in it (RFC 8252 section 8.4)")
		}
	}
}

// list checks that a list is short and has nothing twice.
func (c *check) list(field string, values []string) {
	if len(values) > maxList {
		c.fault(field, fmt.Sprintf("%d values", len(values)), fmt.Sprintf("at most %d", maxList))
		return
	}
	sorted := slices.Sorted(slices.Values(values))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			c.fault(field, sorted[i]+" twice", "each value once")
		}
	}
}

// redirect lets a viewer be sent to nowhere but the channel's own domains, if
// it has any.
func (c *check) redirect(ch *Channel) {
	text := ch.DefaultRedirectURL
	if text == "" {
		return
	}
	const want = "an https URL without user and fragment, such as https://www.example.com/tv"
	parsed, err := url.Parse(text)
	switch {
	case len(text) > maxURL || err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil || parsed.Fragment != "":
		c.fault("default_redirect_url", text, want)
	case len(ch.Domains) > 0 && !(&application.Application{Domains: ch.Domains}).CoversRedirect(text):
		c.fault("default_redirect_url", text, "one on the channel's domains, "+strings.Join(ch.Domains, ", "))
	}
}
