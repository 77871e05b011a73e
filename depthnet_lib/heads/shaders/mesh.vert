#version 330 core
// pyrender sets M, V, P and the numbers of the attributes; color_0 carries what the light needs to know of a vertex.
layout(location = 0) in vec3 position;
layout(location = NORMAL_LOC) in vec3 normal;
layout(location = TEXCOORD_0_LOC) in vec2 texcoord_0;
layout(location = COLOR_0_LOC) in vec4 color_0;
layout(location = INST_M_LOC) in mat4 inst_m;
uniform mat4 M;
uniform mat4 V;
uniform mat4 P;
out vec3 at;
out vec3 up;
out vec2 uv;
out vec4 kind;

void main()
{
    vec4 world = M * inst_m * vec4(position, 1.0);
    gl_Position = P * V * world;
    at = world.xyz;
    up = mat3(M) * normal;
    uv = texcoord_0;
    kind = color_0;
}
