package caddymodule

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func routesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "routes", Short: "Lists every guarded route with its scope, and says what is open",
		Long: `
Lists every route that the running configuration guards, with the scopes of
which a token needs one. What stands in no line is refused.`,
		Example: "  caddy dcr routes\n  caddy dcr routes --json",
		Args:    arguments(),
		RunE: action(func(c *call) error {
			var answer management.Routes
			if err := c.ask("GET", "/routes", nil, &answer); err != nil {
				return err
			}
			c.show(func(w io.Writer) { showRoutes(w, answer.Routes) })
			return nil
		}),
	}
}

// showRoutes prints one table for each API, since their paths have nothing in
// common.
func showRoutes(w io.Writer, routes []management.Route) {
	counted := false
	for i := 0; i < len(routes); {
		api := routes[i].API
		var rows [][]string
		for ; i < len(routes) && routes[i].API == api; i++ {
			methods := strings.Join(routes[i].Methods, ",")
			if routes[i].Throttled {
				methods += "*"
				counted = true
			}
			rows = append(rows, []string{methods, routes[i].Path, needs(routes[i])})
		}
		printTable(w, []column{{strings.ToUpper(api), 15}, {"PATH", 80}, {"NEEDS", 80}}, rows)
	}
	if counted {
		fmt.Fprintln(w, "* throttled")
	}
}

// needs says what lets a request through.
func needs(r management.Route) string {
	switch scopes := strings.Join(r.Scopes, " or "); {
	case r.Open:
		return "OPEN"
	case r.OpenWith != "":
		return scopes + ", OPEN with " + r.OpenWith
	default:
		return scopes
	}
}
