package caddymodule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
)

// ConsoleRole is one role of a user or of a group, at its place.
type ConsoleRole struct {
	// User is who has it, in the exact words of the authentication.
	User string `json:"user,omitempty"`
	// Group has it for everybody who is in it. Either this or a user.
	Group string `json:"group,omitempty"`
	// Role is `operator`, `programmer_admin`, `channel_admin` or `read_only`.
	Role string `json:"role,omitempty"`
	// Programmer is the place of a programmer's admin, and of a reader who is
	// not to see everything.
	Programmer string `json:"programmer,omitempty"`
	// Channel, with its programmer, is the place of a channel's admin, and of
	// a reader of that channel alone.
	Channel string `json:"channel,omitempty"`
}

// grant reads the roles.
func (c *Console) grant() error {
	if len(c.Roles) == 0 {
		return errors.New("roles: got none, so that nobody could come in; want one or more, such as: role ann operator")
	}
	c.users, c.groups = map[string][]access.Grant{}, map[string][]access.Grant{}
	for i := range c.Roles {
		role := &c.Roles[i]
		holder, into := role.User, c.users
		if role.Group != "" {
			holder, into = role.Group, c.groups
		}
		grant, err := role.grant()
		if err != nil {
			return fmt.Errorf("role %d (%s): %w", i+1, holder, err)
		}
		into[holder] = append(into[holder], grant)
	}
	if len(c.groups) > 0 && c.Groups == "" && (c.TrustedProxy == nil || c.TrustedProxy.GroupsHeader == "") {
		return errors.New("groups: got none, so that the roles of groups are nobody's; " +
			"want the placeholder that lists the groups that somebody is in, or groups_header in trusted_proxy")
	}
	return nil
}

func (r *ConsoleRole) grant() (access.Grant, error) {
	holder := r.User + r.Group
	switch {
	case r.User != "" && r.Group != "":
		return access.Grant{}, errors.New("user: got a group as well, want one of the two")
	case strings.TrimSpace(holder) != holder || holder == "":
		return access.Grant{}, fmt.Errorf("user: got %q, want a name", holder)
	case r.Group != "" && strings.Contains(r.Group, ","):
		return access.Grant{}, fmt.Errorf("group: got %q, want a name without a comma, which stands between groups", r.Group)
	}
	var place []string
	for field, id := range r.places() {
		if !application.ValidID(id) {
			return access.Grant{}, fmt.Errorf("%s: got %q, want 1 to 128 of the characters A-Z a-z 0-9 - . _ ~", field, id)
		}
		place = append(place, id)
	}
	grant, err := access.NewGrant(access.Role(r.Role), place...)
	if err != nil {
		return access.Grant{}, err
	}
	return grant, nil
}

// places are the fields that say where, in their order. A channel's admin
// without the programmer shows as such.
func (r *ConsoleRole) places() func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		if (r.Programmer != "" || r.Channel != "") && !yield("programmer", r.Programmer) {
			return
		}
		if r.Channel != "" {
			yield("channel", r.Channel)
		}
	}
}

// grantsOf gathers somebody's own roles and those of their groups.
func (c *Console) grantsOf(name string, groups []string) []access.Grant {
	all := append([]access.Grant(nil), c.users[name]...)
	for _, group := range groups {
		all = append(all, c.groups[group]...)
	}
	return all
}
