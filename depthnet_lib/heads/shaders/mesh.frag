#version 330 core
// Light on skin, hair, eyes and cloth. kind = (open to the sky, gloss, light passes under the surface, strands).
struct DirectionalLight { vec3 color; float intensity; vec3 direction; };
struct Material { sampler2D base_color_texture; };
uniform DirectionalLight directional_lights[MAX_DIRECTIONAL_LIGHTS];
uniform int n_directional_lights;
uniform Material material;
uniform vec3 cam_pos;
uniform vec3 ambient_light;
in vec3 at;
in vec3 up;
in vec2 uv;
in vec4 kind;
out vec4 frag_color;

float dither(vec2 p) { return fract(52.9829189 * fract(dot(p, vec2(0.06711056, 0.00583715)))); }

void main()
{
    vec4 texel = texture(material.base_color_texture, uv);
    if (texel.a < 0.15 + 0.7 * dither(gl_FragCoord.xy)) discard;
    vec3 albedo = texel.rgb * texel.rgb;
    vec3 n = normalize(gl_FrontFacing ? up : -up);
    vec3 v = normalize(cam_pos - at);
    float open = kind.x, gloss = kind.y, strands = kind.w;
    vec3 wrap = kind.z * vec3(0.30, 0.12, 0.08);

    float sky = 0.5 + 0.5 * n.y;
    vec3 color = albedo * ambient_light * mix(vec3(0.62, 0.58, 0.55), vec3(1.0), sky) * (0.15 + 0.85 * open);
    float shine = exp2(3.0 + 7.0 * gloss);
    float facing = clamp(dot(n, v), 0.0, 1.0);
    float rim = (1.0 - facing) * (1.0 - facing);
    rim *= rim;
    for (int i = 0; i < n_directional_lights; i++) {
        vec3 l = -directional_lights[i].direction;
        vec3 power = directional_lights[i].color * directional_lights[i].intensity;
        vec3 lit = clamp((dot(n, l) + wrap) / (1.0 + wrap), 0.0, 1.0);
        vec3 h = normalize(l + v);
        float nh = clamp(dot(n, h), 0.0, 1.0);
        float across = sqrt(max(1.0 - h.y * h.y * 0.8, 0.0));
        float spec = mix(pow(nh, shine), pow(nh * across, 24.0), strands);
        float strength = (0.02 + 0.5 * gloss * gloss) * (shine + 8.0) / 60.0 + 0.10 * rim * gloss;
        color += power * (albedo * lit * mix(open, 1.0, 0.35) + strength * spec * open * step(0.0, dot(n, l)));
    }
    frag_color = vec4(sqrt(color / (1.0 + 0.12 * color)), 1.0);
}
