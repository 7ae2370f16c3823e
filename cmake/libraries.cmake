# The libraries, shared and static, and what is installed beside them.
#
# Internal names are short and would clash with a user's. So all objects of a library are linked into
# one in which only the names of its map stay global; both forms are made of it. This rules out LTO.

include(GNUInstallDirs)
# From where the .pc files are to what they are about, wherever that is moved.
file(RELATIVE_PATH RATLS_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
    ${CMAKE_INSTALL_PREFIX})
separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS}")

# ratls_library(NAME TARGET OBJECTS LINKS…): lib<NAME> as the targets <TARGET>_shared and
# <TARGET>_static of these object files, linked to LINKS.
function(ratls_library name target objects)
    set(map ${PROJECT_SOURCE_DIR}/cmake/lib${name}.map)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${map})
    file(STRINGS ${map} exports REGEX "^ +ratls_[a-z0-9_]+;")
    list(TRANSFORM exports REPLACE "^ +([a-z0-9_]+);.*" "\\1")
    list(JOIN exports "\n" exports)
    set(list ${CMAKE_CURRENT_BINARY_DIR}/${name}-exports.txt)
    file(CONFIGURE OUTPUT ${list} CONTENT "@exports@\n" @ONLY)

    set(object ${CMAKE_CURRENT_BINARY_DIR}/lib${name}.o)
    add_custom_command(OUTPUT ${object}
        COMMAND ${CMAKE_C_COMPILER} ${flags} -r -nostdlib -o ${object}.all ${objects}
        COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${list} ${object}.all ${object}
        DEPENDS ${objects} ${list}
        COMMENT "Hiding the internal names of lib${name}" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${target}_object DEPENDS ${object})

    add_library(${target}_shared SHARED ${object})
    add_library(${target}_static STATIC ${object})
    foreach(library ${target}_shared ${target}_static)
        add_dependencies(${library} ${target}_object)
        set_target_properties(${library} PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE C)
        target_include_directories(${library}
            INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
        target_link_libraries(${library} PRIVATE ${ARGN})
    endforeach()
    set_target_properties(${target}_shared PROPERTIES VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME ${name} LINK_DEPENDS ${map})
    set_target_properties(${target}_static PROPERTIES EXPORT_NAME ${name}_static)
    target_link_options(${target}_shared PRIVATE
        -Wl,--version-script=${map} -Wl,-Bsymbolic-functions)
    install(TARGETS ${target}_shared ${target}_static EXPORT ratls)

    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

ratls_library(ratls ratls "$<TARGET_OBJECTS:ratls_objects>" PkgConfig::CRYPTO PkgConfig::JANSSON)

# The others have copies of src/base and src/codec, which are small and hold no state.
set(base "$<FILTER:$<TARGET_OBJECTS:ratls_objects>,INCLUDE,/src/base/>")
set(codec "$<FILTER:$<TARGET_OBJECTS:ratls_objects>,INCLUDE,/src/codec/>")
ratls_library(ratls-openssl ratls_openssl
    "$<TARGET_OBJECTS:ratls_openssl_objects>;${base}" PkgConfig::SSL PkgConfig::CRYPTO)
ratls_library(ratls-collateral ratls_collateral
    "$<TARGET_OBJECTS:ratls_collateral_objects>;${base};${codec}" PkgConfig::CURL)
ratls_library(ratls-redis ratls_redis "$<TARGET_OBJECTS:ratls_redis_objects>;${base}"
    PkgConfig::HIREDIS)
foreach(library ratls_openssl ratls_collateral)
    target_link_libraries(${library}_shared PUBLIC ratls_shared)
    target_link_libraries(${library}_static PUBLIC ratls_static)
endforeach()
target_link_libraries(ratls_redis_shared PUBLIC ratls_collateral_shared)
target_link_libraries(ratls_redis_static PUBLIC ratls_collateral_static)

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/ratls)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ratls-config.cmake.in ratls-config.cmake
    INSTALL_DESTINATION ${package})
write_basic_package_version_file(ratls-config-version.cmake COMPATIBILITY SameMinorVersion)

install(EXPORT ratls FILE ratls-targets.cmake NAMESPACE ratls:: DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ratls-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/ratls-config-version.cmake DESTINATION ${package})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ratls DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN *.h)

file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/doc/man/*.[1-8])
foreach(page ${pages})
    string(REGEX REPLACE ".*\\." "" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
