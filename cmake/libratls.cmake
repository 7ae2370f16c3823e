# libratls, shared and static, and what is installed beside it.
#
# Internal names are short and would clash with a user's. So all objects are linked into one in which
# only the names of libratls.map stay global; both libraries are made of it. This rules out LTO.

set(map ${PROJECT_SOURCE_DIR}/cmake/libratls.map)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${map})
file(STRINGS ${map} exports REGEX "^ +ratls_[a-z0-9_]+;")
list(TRANSFORM exports REPLACE "^ +([a-z0-9_]+);.*" "\\1")
list(JOIN exports "\n" exports)
file(CONFIGURE OUTPUT exports.txt CONTENT "@exports@\n" @ONLY)

separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
set(object ${CMAKE_CURRENT_BINARY_DIR}/libratls.o)
add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_C_COMPILER} ${flags} -r -nostdlib -o ${object}.all $<TARGET_OBJECTS:ratls_objects>
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${CMAKE_CURRENT_BINARY_DIR}/exports.txt
        ${object}.all ${object}
    DEPENDS ratls_objects $<TARGET_OBJECTS:ratls_objects> ${CMAKE_CURRENT_BINARY_DIR}/exports.txt
    COMMENT "Hiding the internal names of libratls" COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(libratls_object DEPENDS ${object})

include(GNUInstallDirs)
add_library(ratls_shared SHARED ${object})
add_library(ratls_static STATIC ${object})
foreach(library ratls_shared ratls_static)
    add_dependencies(${library} libratls_object)
    set_target_properties(${library} PROPERTIES OUTPUT_NAME ratls LINKER_LANGUAGE C)
    target_include_directories(${library} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PRIVATE PkgConfig::CRYPTO PkgConfig::JANSSON)
endforeach()
set_target_properties(ratls_shared PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME ratls LINK_DEPENDS ${map})
target_link_options(ratls_shared PRIVATE -Wl,--version-script=${map} -Wl,-Bsymbolic-functions)

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/ratls)
configure_file(${PROJECT_SOURCE_DIR}/cmake/ratls.pc.in ratls.pc @ONLY)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ratls-config.cmake.in ratls-config.cmake
    INSTALL_DESTINATION ${package})
write_basic_package_version_file(ratls-config-version.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS ratls_shared ratls_static EXPORT ratls)
install(EXPORT ratls FILE ratls-targets.cmake NAMESPACE ratls:: DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ratls-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/ratls-config-version.cmake DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ratls.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ratls DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN *.h)

file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/doc/man/*.[1-8])
foreach(page ${pages})
    string(REGEX REPLACE ".*\\." "" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
