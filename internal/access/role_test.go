package access_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }

func TestGrants(t *testing.T) {
	for name, test := range map[string]struct {
		role  access.Role
		place []string
		want  string
		err   string
	}{
		"an operator is one everywhere":         {access.Operator, nil, "operator", ""},
		"an admin has a programmer":             {access.ProgrammerAdmin, []string{"REF"}, "programmer_admin REF", ""},
		"a channel's admin has both":            {access.ChannelAdmin, []string{"REF", "REF30"}, "channel_admin REF REF30", ""},
		"a reader may read everything":          {access.ReadOnly, nil, "read_only", ""},
		"or a programmer":                       {access.ReadOnly, []string{"REF"}, "read_only REF", ""},
		"or a channel":                          {access.ReadOnly, []string{"REF", "REF30"}, "read_only REF REF30", ""},
		"an operator of a programmer is none":   {access.Operator, []string{"REF"}, "", "operator: got 1 names, want none"},
		"an admin of everybody is none":         {access.ProgrammerAdmin, nil, "", "programmer_admin: got 0 names, want a programmer"},
		"a channel's admin without it is none":  {access.ChannelAdmin, []string{"REF"}, "", "channel_admin: got 1 names, want a programmer and a channel"},
		"an empty name is no place":             {access.ReadOnly, []string{""}, "", "read_only: got an empty name"},
		"an empty channel is none either":       {access.ChannelAdmin, []string{"REF", ""}, "", "channel_admin: got an empty name"},
		"three names are too many":              {access.ReadOnly, []string{"a", "b", "c"}, "", "read_only: got 3 names, want none, a programmer, or a programmer and a channel"},
		"there is no root":                      {"root", nil, "", `role: got "root", want one of operator, programmer_admin, channel_admin, read_only`},
		"a role is written in lower case alone": {"Operator", nil, "", `role: got "Operator", want one of`},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := access.NewGrant(test.role, test.place...)
			if test.err != "" {
				assert.ErrorContains(t, err, test.err)
				assert.Zero(t, g)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, test.want, g.String())
		})
	}
}

func TestWhoReachesTheAdminEndpointIsAnOperator(t *testing.T) {
	a := access.Trusted("ann@host", access.CLI, "127.0.0.1")
	assert.True(t, a.IsOperator())
	assert.Equal(t, "ann@host", a.Name)
	assert.Equal(t, access.CLI, a.Surface)
}
