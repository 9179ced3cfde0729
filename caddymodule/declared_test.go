package caddymodule

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
)

func TestDeclaredApplicationsInheritFromWhatIsDeclaredBesideThem(t *testing.T) {
	id := uuid.New()
	declare := func(change func(*DeclaredApplication)) *application.Application {
		app := DeclaredApplication{ID: id.String(), Name: "Demo", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}}
		if change != nil {
			change(&app)
		}
		config := App{Applications: []DeclaredApplication{app}, Programmers: []DeclaredProgrammer{
			{ID: "REF", Schemes: []string{"com.example.ref"}, Channels: []DeclaredChannel{
				{ID: "REF31", Domains: []string{"ref31.example"}},
				{ID: "REF30", Domains: []string{"REF30.example"}, Schemes: []string{"com.example.ref30"}},
			}},
			{ID: "FOX", Schemes: []string{"com.example.fox"}},
		}}
		owners, err := config.declaredRoster()
		require.NoError(t, err)
		assert.Equal(t, "REF30", owners.channels["REF30"].Name, "who has no name is called by the id")
		declared, err := config.declaredApplications(owners)
		require.NoError(t, err)
		return declared[id]
	}

	app := declare(nil)
	assert.Equal(t, []string{"com.example.ref", "com.example.ref30"}, app.CustomSchemes)
	assert.Equal(t, []string{"ref30.example"}, app.Domains)

	app = declare(func(a *DeclaredApplication) {
		a.Domains, a.Platforms, a.Schemes = []string{"own.example"}, []string{"Roku"}, []string{"com.example.own"}
	})
	assert.Equal(t, []string{"com.example.own"}, app.CustomSchemes, "what has no apps inherits no schemes")
	assert.Equal(t, []string{"own.example"}, app.Domains)

	all := declare(func(a *DeclaredApplication) { a.Channels = []string{"all"} })
	assert.True(t, all.Serves("REF30") && all.Serves("REF31"))
	assert.False(t, all.Serves("FOX1"), "all are the programmer's own")

	open := declare(func(a *DeclaredApplication) { a.Programmer, a.Channels = "FOX", []string{"all"} })
	assert.True(t, open.Serves("FOX1"), "where no channel is declared, nobody knows which there are")
}
