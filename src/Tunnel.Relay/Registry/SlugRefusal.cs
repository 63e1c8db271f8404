namespace Tunnel.Relay.Registry;

/// <summary>Why an agent does not get a slug: a code for programs, and a sentence with the remedy for its owner.</summary>
internal sealed record SlugRefusal(string Code, string Sentence)
{
    // The wish is not repeated here: it can hold anything, and sentences end up in logs and terminals.
    public static SlugRefusal Invalid { get; } = new(
        "slug_invalid",
        "A slug has 3 to 32 letters, digits and hyphens, with no hyphen at either end and no xn-- at the start. Ask for another one, or for none to get a random one.");

    public static SlugRefusal RandomOnly { get; } = new(
        "slug_not_allowed",
        "This relay gives random slugs only. Ask for none; the relay keeps the random one for this agent.");

    public static SlugRefusal Reserved(string slug) => new(
        "slug_reserved",
        $"The slug {slug} is reserved on this relay. Ask for another one, or for none to get a random one.");

    public static SlugRefusal NotListed(string slug, string serverId) => new(
        "slug_not_allowed",
        $"The slug {slug} is not listed for {serverId}. Ask the relay's operator to add it under Tunnel:Relay:Slugs:Allowed, or ask for none to get a random one.");

    public static SlugRefusal Taken(string slug) => new(
        "slug_taken",
        $"The slug {slug} belongs to another agent. Ask for another one, or for none to get a random one.");

    public static SlugRefusal Quarantined(string slug) => new(
        "slug_quarantined",
        $"The slug {slug} belonged to another agent until lately and stays reserved for it for a while. Ask for another one, or for none to get a random one.");
}
