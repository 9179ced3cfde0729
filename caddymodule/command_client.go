package caddymodule

import (
	"io"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// pageFlags lets a command show a long list in parts.
func pageFlags(cmd *cobra.Command) {
	cmd.Flags().Int("limit", 100, "About how many to show")
	cmd.Flags().String("cursor", "", "Where to go on, as the part before said")
}

// pageQuery reads the flags of pageFlags.
func (c *call) pageQuery() (url.Values, error) {
	limit, _ := c.cmd.Flags().GetInt("limit")
	if limit < 1 {
		return nil, usage("--limit wants a number above 0", "")
	}
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if cursor := c.text("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	return query, nil
}

// more says how to see the next part of a list.
func (c *call) more(command, cursor string) {
	if cursor != "" && !c.flag("json") {
		c.note("more: %s", c.again(command+" --cursor "+quote(cursor)))
	}
}

func clientListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Lists clients, in no order", Args: arguments(), RunE: action(listSomeClients),
		Example: "  caddy dcr client list --app 897029da-2b35-429e-ad45-6f6bf5de7a95",
	}
	cmd.Flags().String("app", "", "Only those of this application")
	_ = cmd.RegisterFlagCompletionFunc("app", completeApplications)
	pageFlags(cmd)
	return cmd
}

func listSomeClients(c *call) error {
	query, err := c.pageQuery()
	if err != nil {
		return err
	}
	command := "client list"
	if app := c.text("app"); app != "" {
		if app, err = uuidArgument("app", app); err != nil {
			return err
		}
		query.Set("application", app)
		command += " --app " + app
	}
	if c.cmd.Flags().Changed("limit") {
		command += " --limit " + query.Get("limit")
	}
	var page management.Clients
	if err := c.ask("GET", withQuery("/clients", query), nil, &page); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		rows := make([][]string, 0, len(page.Clients))
		for _, client := range page.Clients {
			rows = append(rows, []string{client.ID.String(), client.Platform, client.LastUsed, client.StoppedBy})
		}
		printTable(w, []column{{"ID", 36}, {"PLATFORM", 11}, {"LAST USED (UTC)", 15}, {"STOPPED BY", 11}}, rows)
	})
	c.more(command, page.Cursor)
	return nil
}

func clientShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show <id>", Short: "Shows a client and what stops it", Args: arguments("the client's id"),
		Example: "  caddy dcr client show 3b241101-e2bb-4255-8caf-4136c566a962",
		RunE: action(func(c *call) error {
			id, err := uuidArgument("id", c.args[0])
			if err != nil {
				return err
			}
			var client management.Client
			if err := c.ask("GET", "/clients/"+id, nil, &client); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printClient(w, client) })
			return nil
		}),
	}
}

func printClient(w io.Writer, client management.Client) {
	fields := [][2]string{
		{"ID", client.ID.String()},
		{"Application", client.ApplicationID.String()},
		{"Name", client.ApplicationName},
		{"Programmer", client.Programmer},
		{"Statement", client.StatementID.String()},
		{"Issuer", client.StatementIssuer},
		{"Platform", client.Platform},
		{"Auth method", client.AuthMethod},
		{"Redirects", allOr(false, client.RedirectURIs)},
		{"Created", second(client.CreatedAt)},
		{"Last used", client.LastUsed},
	}
	for _, kill := range client.Kills {
		fields = append(append(fields, [2]string{"Stopped by", kill.Kind + " " + kill.ID}), killFields(kill)...)
	}
	printFields(w, fields...)
}
